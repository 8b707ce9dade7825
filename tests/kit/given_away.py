"""What a student's folder may hold, and what must not be in it."""

import json
import re
from dataclasses import fields
from pathlib import Path

import torch
from safetensors import safe_open

from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student


def given_away(folder: Path, serials: list[str]) -> list[str]:
    """What a student's folder holds that a customer or a thief must not find in it."""
    found = []
    allowed = {"config.json", "model.safetensors", "README.md"}
    found += [f"the file {path.name}" for path in folder.rglob("*") if path.name not in allowed]
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes().upper()
        for text in serials:
            bits = Serial.parse(text).bits
            spellings = {text, text.replace("-", ""), "".join(map(str, bits)), ", ".join(map(str, bits))}
            if path.suffix == ".safetensors" and len(bits) < 64:
                spellings -= {text}  # three characters occur in any file of weights
            met = [spelling for spelling in spellings if spelling.encode() in content]  # quicker than a pattern
            if any(re.search(rf"\b{re.escape(spelling)}\b".encode(), content) for spelling in met):
                found.append(f"a serial in {path.name}")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    known = {field.name for field in fields(StudentConfig)} | {"model_type", "format"}
    found += [f"the value {name}" for name in config if name not in known]
    expected = set(Student(StudentConfig.from_json((folder / "config.json").read_text("utf-8"))).state_dict())
    with safe_open(folder / "model.safetensors", "pt") as file:
        found += [f"the note {name}" for name in file.metadata() or {} if name != "format"]
        found += [f"the tensor {name}" for name in sorted(expected ^ set(file.keys()))]
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name).flatten().double()
            for text in serials:
                pattern = torch.tensor(Serial.parse(text).bits).double()
                if tensor.shape == pattern.shape and torch.equal(tensor, pattern):
                    found.append(f"a serial in the tensor {name}")
    return found
