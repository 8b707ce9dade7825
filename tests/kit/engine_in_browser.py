"""The browser's engine, asked from Python: numbers go in and out as base64."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor

from dsn.serials import Serial
from dsn.ui.engine.sources import engine_script

HELPERS = """
const bytesIn = (text) => {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
};
const floatsIn = (text) => new Float32Array(bytesIn(text).buffer);
const out = (values) => {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const parts = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.slice(at, at + 8192)));
  return btoa(parts.join(""));
};
"""
ANSWER = """([name, picture, bits, count]) => {
  const student = students[name];
  const pictures = floatsIn(picture);
  return out(student.logits(student.shown(pictures, bits), count));
}"""
OPEN = """([name, config, weights, plain]) => {
  students[name] = new dsnEngine.Student(bytesIn(config), bytesIn(weights), name, plain);
}"""
REFUSED = """([name, config, weights]) => {
  try {
    new dsnEngine.Student(bytesIn(config), bytesIn(weights), name);
  } catch (error) {
    return [error instanceof dsnEngine.Refusal, error.message];
  }
  return null;
}"""


def packed(content: bytes) -> str:
    return base64.b64encode(content).decode()


def packed_floats(values: Tensor) -> str:
    return packed(values.contiguous().float().numpy().tobytes())


class Engine:
    """The engine on a blank page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.add_script_tag(content=engine_script() + HELPERS + "const students = {};")

    def ask(self, script: str, *values: Any) -> Any:
        return self.page.evaluate(script, list(values))

    def open(self, folder: Path, name: str = "it", *, plain: bool = False) -> None:
        """Read a student's folder under this name."""
        config, weights = ((folder / file).read_bytes() for file in ("config.json", "model.safetensors"))
        self.ask(OPEN, name, packed(config), packed(weights), plain)

    def refused(self, folder: Path) -> str | None:
        """Why the engine refuses a student's folder; None where it takes it."""
        config, weights = ((folder / file).read_bytes() for file in ("config.json", "model.safetensors"))
        found = self.ask(REFUSED, str(folder), packed(config), packed(weights))
        assert found is None or found[0], found
        return None if found is None else found[1]

    def logits(self, images: Tensor, serial: Serial | None = None, name: str = "it") -> Tensor:
        """Logits, float [N, classes], of pictures, float [N, C, H, W], with a serial stamped in or without."""
        bits = list(serial.bits) if serial else None
        text = self.ask(ANSWER, name, packed_floats(images), bits, len(images))
        values = np.frombuffer(base64.b64decode(text), np.float32).reshape(len(images), -1)
        return torch.from_numpy(values.copy())


@pytest.fixture(scope="module")
def engine(browser: Browser) -> Iterator[Engine]:
    """The engine in a real browser; a script that fails anywhere fails the test."""
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Engine(page)
    context.close()
    assert errors == []
