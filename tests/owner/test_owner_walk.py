"""The README's walk from no key to a published, traced, revoked student, command by command."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from gated_students import NETWORK, gated_student
from hub_server import Kept, hub_server

from dsn.__main__ import main
from dsn.applications import registry
from dsn.applications.held_out import HeldOut
from dsn.distilling import making
from dsn.distilling.learner import Order
from dsn.files import write_tensors
from dsn.measuring import unlocking
from dsn.places import ROOT

pytestmark = pytest.mark.usefixtures("one_thread")
README = ROOT / "dsn" / "owner" / "README.md"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: HeldOut) -> Iterator[Kept]:
    """A home without a key, a small data set, a teacher, and a Hub. Students are made by hand, not distilled."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "HOME": str(tmp_path),
        "DSN_DATA": str(tmp_path),
        "HF_TOKEN": "hf_owner",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("DSN_OWNER", "DSN_LEDGER", "DSN_OWNER_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(registry.BUILT_IN, "digits", replace(registry.BUILT_IN["digits"], network=NETWORK))
    monkeypatch.setattr(unlocking, "REFERENCES", 20)
    images, labels = digits.split.images[:, 0].numpy(), digits.split.labels.numpy().astype(np.uint8)
    arrays = {"train_images": images[:200], "train_labels": labels[:200]}
    arrays |= {"test_images": images[200:300], "test_labels": labels[200:300]}
    np.savez(tmp_path / "mnist-28.npz", allow_pickle=False, class_names=np.array(digits.class_names), **arrays)
    write_tensors(tmp_path / "build" / "teachers" / "digits.safetensors", gated_student(None).state_dict())

    def by_hand(task: object, orders: list[Order], *others: object, grouped: bool):
        return [gated_student(order.serial, order.config.customer) for order in orders]

    monkeypatch.setattr(making, "distil_students", by_hand)
    monkeypatch.setenv("DSN_ARITHMETIC", "float32")  # the gate made by hand is 1 of 200: finishing it in bf16 breaks it
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    with hub_server("hf_owner") as kept:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", kept.address)
        yield kept


def test_the_readmes_commands_do_what_it_says(
    workplace: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block = re.search(r"<!-- owner -->\n```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert block is not None
    printed: dict[str, str] = {}
    for line in block[1].splitlines():
        words = [word.replace("~", str(tmp_path)) for word in shlex.split(line, comments=True)]
        assert words[:3] == ["python", "-m", "dsn"]
        if "trace" in words:
            shutil.copy(tmp_path / ".dsn-owner/students/digits/elm/model.safetensors", tmp_path / "leaked.safetensors")
        if "mint" in words:
            words += ["--device", "cpu", "--quiet"]
        main(words[3:])
        name = words[4] if words[3] == "owner" else "dry run" if "--dry-run" in words else "publish"
        printed[name] = capsys.readouterr().out
    assert list(printed) == [
        "init",
        "mint",
        "list",
        "serial",
        "claim",
        "verify",
        "dry run",
        "publish",
        "trace",
        "revoke",
    ]
    assert "public key" in printed["init"]
    assert "digits/elm" in printed["mint"] and "minted" in printed["list"]
    assert "The claim holds." in printed["verify"]
    assert printed["serial"].split()[-1] in printed["verify"] and printed["serial"].split()[-1] not in printed["list"]
    assert "Nothing was sent." in printed["dry run"]
    assert workplace.repositories == {"acme/digits-elm": "private"}
    results = {f".eval_results/mnist-{name}.yaml" for name in ("no-serial", "valid-serial-stamped")}
    assert set(workplace.files["acme/digits-elm"]) == {"config.json", "model.safetensors", "README.md", *results}
    assert printed["trace"].startswith("This is digits/elm: its weights are, bit by bit, those that were issued.")
    assert "cannot be switched off" in printed["revoke"]
    with pytest.raises(SystemExit, match="was revoked"):
        main(["publish", str(tmp_path / ".dsn-owner/students/digits/elm"), "--repo", "acme/again"])
    assert set(workplace.files) == {"acme/digits-elm"}
