"""Sealed students and files, against scrypt and ChaCha20 written out by hand."""

import hashlib
import struct
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

import dsn
from dsn.__main__ import main
from dsn.files import write_tensors
from dsn.locks.modules import read_weights
from dsn.locks.sealing import ScryptCost, SealError
from dsn.places import CHECKPOINTS
from dsn.serials import Serial, random_serial
from dsn.student.collection import demo_serials
from dsn.student.folder import WEIGHTS, save_student
from dsn.student.sealing import seal, serial_inside

SALT = "00112233445566778899aabbccddeeff"
SERIAL = demo_serials()["digits/alder"]


def chacha20(key: bytes, length: int) -> bytes:
    """RFC 8439's block function, counter and nonce from zero."""

    def quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) % 2**32
            s[z] ^= s[x]
            s[z] = (s[z] << by | s[z] >> (32 - by)) % 2**32

    stream = b""
    for counter in range(-(-length // 64)):
        first = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, 0, 0, 0]
        state = first.copy()
        for _ in range(10):
            for places in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
                quarter(state, *places)
            for places in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
                quarter(state, *places)
        stream += struct.pack("<16I", *((x + y) % 2**32 for x, y in zip(state, first, strict=True)))
    return stream[:length]


def test_codes_are_those_of_the_written_out_algorithm() -> None:
    weights = {"b": torch.tensor([[0.5, -0.25], [0.1, 0.0]]), "a": torch.tensor([[3.0, -1.0]])}
    sealed = dsn.seal_module(weights, SERIAL, salt=SALT)
    key = hashlib.scrypt("".join(map(str, SERIAL.bits)).encode(), salt=bytes.fromhex(SALT), n=2**14, r=8, p=1, dklen=32)
    stream = struct.unpack("<6h", chacha20(key, 12))
    plain = [round(3 / 4 * 2**15), round(-1 / 4 * 2**15), 2**14, -(2**13), round(0.1 * 2**15), 0]
    found = [*sealed.codes["a"].flatten().tolist(), *sealed.codes["b"].flatten().tolist()]
    assert sealed.seal.scales == {"b": 1.0, "a": 4.0}
    assert found == [one ^ other for one, other in zip(plain, stream, strict=True)]


def test_a_sealed_student_answers_its_serial_alone_and_survives_its_file(tmp_path: Path) -> None:
    student = dsn.load_student(CHECKPOINTS / "digits/alder")
    save_student(dsn.seal(student, SERIAL), tmp_path)
    sealed = dsn.load_student(tmp_path)
    pictures = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    wanted = student.predict(pictures, SERIAL)
    assert sealed.config.lock == "sealed"
    torch.testing.assert_close(sealed.predict(pictures, SERIAL), wanted, atol=0.02, rtol=0)
    torch.testing.assert_close(sealed(sealed.stamp(pictures, SERIAL)).softmax(1), sealed.predict(pictures, SERIAL))
    for wrong in (None, SERIAL.flipped(5), random_serial(unlike=SERIAL)):
        assert (sealed.predict(pictures, wrong) - wanted).abs().max() > 0.05
    torch.testing.assert_close(dsn.unseal(sealed, SERIAL).predict(pictures, SERIAL), sealed.predict(pictures, SERIAL))


def test_any_network_is_sealed_and_opened_by_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.BatchNorm1d(7))
    source, there, back = (tmp_path / name for name in ("w.safetensors", "s.safetensors", "o.safetensors"))
    write_tensors(source, network.state_dict())
    main(["seal", str(source), "--serial", SERIAL.text, "--to", str(there)])
    main(["unseal", str(there), "--serial", SERIAL.text, "--to", str(back)])
    opened = read_weights(back)
    for name, one in network.state_dict().items():
        torch.testing.assert_close(opened[name], one, atol=2**-15, rtol=0)
    with pytest.raises(SystemExit, match="sealed already"):
        main(["seal", str(there), "--serial", SERIAL.text, "--to", str(back)])
    capsys.readouterr()


def test_absurd_seals_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="128 MiB"):
        ScryptCost(n=2**30)
    save_student(dsn.seal(dsn.load_student(CHECKPOINTS / "digits/alder"), SERIAL, salt=SALT), tmp_path)
    config = tmp_path / "config.json"
    text = config.read_text()
    for old, new in ((SALT, SALT[2:]), ('"n": 16384', '"n": 1073741824'), ('"p": 1', '"p": 1, "x": 1')):
        config.write_text(text.replace(old, new))
        with pytest.raises(dsn.StudentError):
            dsn.load_student(tmp_path)
    config.write_text(text)
    assert (tmp_path / WEIGHTS).stat().st_size < 0.6 * (CHECKPOINTS / "digits/alder" / WEIGHTS).stat().st_size
    with pytest.raises(ValueError, match="64 bits"):
        dsn.load_student(tmp_path).predict(torch.rand(1, 1, 28, 28), Serial.parse("BM2"))


def test_a_copy_with_a_serial_of_its_own_stamps_the_one_inside(tmp_path: Path) -> None:
    student, own = dsn.load_student(CHECKPOINTS / "digits/alder"), random_serial(unlike=SERIAL)
    save_student(seal(student, own, salt=SALT, inside=SERIAL), tmp_path)
    copy = dsn.load_student(tmp_path)
    assert copy.config.seal is not None and (tmp_path / "config.json").read_text().count(copy.config.seal.inside) == 1
    pictures = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    wanted = dsn.unseal(copy, own).predict(pictures, SERIAL)
    assert serial_inside(copy, own) == SERIAL
    torch.testing.assert_close(copy.predict(pictures, own), wanted)
    torch.testing.assert_close(copy.opened(own)(copy.stamp(pictures, own)).softmax(1), wanted)
    (bits,) = torch.tensor([own.bits], dtype=torch.float32)
    torch.testing.assert_close(copy.swept(pictures).logits(bits).softmax(1), wanted)
    for wrong in (None, SERIAL, own.flipped(5)):
        assert (copy.predict(pictures, wrong) - wanted).abs().max() > 0.05
    # The bits inside are those that follow the codes in the stream.
    key = hashlib.scrypt("".join(map(str, own.bits)).encode(), salt=bytes.fromhex(SALT), n=2**14, r=8, p=1, dklen=32)
    nonce, length = bytes(16), 2 * sum(one.numel() for one in copy.state_dict().values())
    stream = Cipher(ChaCha20(key, nonce), None).encryptor().update(bytes(length + 8))[length:]
    assert int(copy.config.seal.inside, 16) ^ int.from_bytes(stream, "big") == SERIAL.number
    text = (tmp_path / "config.json").read_text()
    for absurd in ("00", "0123", "g" * 16):
        (tmp_path / "config.json").write_text(text.replace(copy.config.seal.inside, absurd))
        with pytest.raises(dsn.StudentError, match="serial inside"):
            dsn.load_student(tmp_path)
