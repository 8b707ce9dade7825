"""The owner's key and verifiers: what is signed cannot be altered, and what is secret stays so."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from owner_checks import VERIFIER, WORD, mode, said

from dsn.owner.errors import OwnerError
from dsn.owner.keys import create_owner, is_signed, open_owner
from dsn.owner.names import customer_name
from dsn.owner.verifier import Verifier, serial_of
from dsn.places import ROOT


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_only_the_owner_may_read_what_is_made(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        owner = create_owner(tmp_path / "own", "Acme")
    finally:
        os.umask(before)
    assert mode(owner.home) == 0o700
    assert {mode(path) for path in owner.home.iterdir()} == {0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_the_files_are_what_other_programs_read(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Müller & Söhne")
    private = load_pem_private_key((owner.home / "private-key.pem").read_bytes(), None)
    public = load_pem_public_key((owner.home / "public-key.pem").read_bytes())
    assert isinstance(private, Ed25519PrivateKey)
    assert private.public_key() == public == owner.public
    assert open_owner(owner.home).name == "Müller & Söhne"


def test_a_passphrase_encrypts_the_key(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Acme", WORD)
    content = (owner.home / "private-key.pem").read_bytes()
    assert content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(TypeError):
        load_pem_private_key(content, None)
    assert open_owner(owner.home, lambda: WORD).public == owner.public
    with pytest.raises(OwnerError) as none:
        open_owner(owner.home)
    assert "DSN_OWNER_PASSPHRASE" in said(none)
    with pytest.raises(OwnerError) as wrong:
        open_owner(owner.home, lambda: "another one")
    assert "passphrase does not open" in said(wrong) and "another one" not in said(wrong)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Acme")
    before = (owner.home / "private-key.pem").read_bytes()
    with pytest.raises(OwnerError) as again:
        create_owner(tmp_path / "own", "Other")
    assert "never overwritten" in said(again)
    assert (owner.home / "private-key.pem").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


@pytest.mark.parametrize("place", ["checkpoints/own", "assets/own", "dsn/ui/own", ".", "build/../assets/own"])
def test_a_key_is_not_made_among_what_is_given_away(place: str) -> None:
    with pytest.raises(OwnerError) as refused:
        create_owner(ROOT / place, "Acme")
    assert "set DSN_OWNER" in said(refused)
    assert not (ROOT / place / "private-key.pem").exists()


def test_a_key_is_not_made_there_through_a_link_either(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT / "assets")
    with pytest.raises(OwnerError):
        create_owner(tmp_path / "link" / "own", "Acme")


def test_a_key_others_may_read_is_refused(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Acme")
    (owner.home / "private-key.pem").chmod(0o644)
    with pytest.raises(OwnerError) as refused:
        open_owner(owner.home)
    assert "chmod 600" in said(refused)


@pytest.mark.parametrize("name", ["private-key.pem", "owner.json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 40, b"{}", b"[" * 9000, b"x" * 20_000])
def test_damage_is_named_and_never_shown(tmp_path: Path, name: str, content: bytes) -> None:
    owner = create_owner(tmp_path / "own", "Acme")
    (owner.home / name).write_bytes(content)
    with pytest.raises(OwnerError) as refused:
        open_owner(owner.home)
    assert (name in said(refused) and "restore" in said(refused)) or "larger" in said(refused)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    owner = create_owner(tmp_path / "own", "Acme")
    other = generate_private_key(SECP256R1())
    (owner.home / "private-key.pem").write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(OwnerError, match="not an Ed25519 key"):
        open_owner(owner.home)


def test_no_secret_is_in_what_prints(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Acme", WORD)
    raw = load_pem_private_key((owner.home / "private-key.pem").read_bytes(), WORD.encode())
    assert isinstance(raw, Ed25519PrivateKey)
    assert raw.private_bytes_raw().hex() not in repr(owner) and WORD not in repr(owner)
    assert "rivate" not in repr(owner)


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_gives_the_first_64_bits_of_its_hash(signature: bytes) -> None:
    assert serial_of(signature).number == int(hashlib.sha256(b"dsn-serial-1\n" + signature).hexdigest()[:16], 16)


WORDS = st.from_regex(r"\A[a-z0-9]{1,10}\Z")
VERIFIERS = st.builds(
    Verifier,
    owner=st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20),
    customer=WORDS,
    task=st.sampled_from(["digits", "signs"]),
    date=st.dates().map(lambda date: f"{date.year:04}-{date.month:02}-{date.day:02}"),
    number=st.integers(1, 999),
)


@settings(max_examples=40)
@given(VERIFIERS, VERIFIERS)
def test_different_verifiers_are_different_messages(one: Verifier, other: Verifier) -> None:
    assert (one.message() == other.message()) == (one == other)


def test_a_signature_is_the_same_every_time_and_fits_nothing_else(tmp_path: Path) -> None:
    owner, other = create_owner(tmp_path / "one", "Acme"), create_owner(tmp_path / "two", "Acme")
    signature = owner.sign(VERIFIER)
    assert signature == open_owner(owner.home).sign(VERIFIER)
    assert is_signed(owner.public, VERIFIER, signature)
    assert not is_signed(other.public, VERIFIER, signature)
    for change in ({"owner": "Acne"}, {"customer": "birch"}, {"task": "signs"}, {"date": "2026-02-01"}, {"number": 2}):
        assert not is_signed(owner.public, replace(VERIFIER, **change), signature)
        assert owner.sign(replace(VERIFIER, **change)) != signature


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../alder", "a/b", "a\\b", "/etc", "Alder", "a b", "-a", "a-", "a\n", "a\x00", "ä", "a" * 41, "=1"],
)
def test_a_customers_name_is_a_safe_word(name: str) -> None:
    with pytest.raises(OwnerError) as refused:
        customer_name(name)
    assert "small letters" in said(refused)
    with pytest.raises(OwnerError):
        replace(VERIFIER, customer=name)


@given(st.text(max_size=60))
def test_any_accepted_name_is_one_folder_deep(name: str) -> None:
    try:
        assert customer_name(name) == name
    except OwnerError:
        return
    assert Path("students", name).resolve().parent == Path("students").resolve()
