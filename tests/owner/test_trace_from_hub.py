"""A leak that lies on the Hub is traced from there."""

from dataclasses import replace
from pathlib import Path

import huggingface_hub
import pytest
from tiny_students import tiny_student
from troubled_hub import SEED, Trouble

from dsn.__main__ import main
from dsn.applications import registry
from dsn.measuring import unlocking
from dsn.owner.keys import create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.weights import weights_hash


def test_a_repository_is_traced(
    hub: Trouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    student = tiny_student("digits/alder", SEED)
    monkeypatch.setitem(
        registry.BUILT_IN, "digits", replace(registry.BUILT_IN["digits"], network=student.config.network)
    )
    monkeypatch.setattr(unlocking, "REFERENCES", 4)
    monkeypatch.chdir(tmp_path)  # no teacher here
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "own"))
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    template = hub.address[0] + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.address[0])
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    ledger = Ledger(create_owner(tmp_path / "own", "Acme"))
    ledger.enter_student(ledger.next_verifier("birch", "digits"), weights_hash(student.state_dict()))
    hub.is_well.set()
    main(["owner", "trace", "thief/alder", "--revision", "main"])
    assert capsys.readouterr().out.startswith("This is digits/birch: its weights are, bit by bit, those")
    with pytest.raises(SystemExit, match="cannot be read"):
        main(["owner", "trace", "../thief/alder"])
