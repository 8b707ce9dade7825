"""Sealed students and files, against scrypt and ChaCha20 written out by hand."""

import hashlib
import json
import math
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from safetensors.torch import load_file
from tiny_students import tiny_student
from unseal_by_hand import chacha20

import dsn
from dsn.__main__ import main
from dsn.files import write_tensors
from dsn.locks.modules import METADATA, SealedModule, read_weights
from dsn.locks.sealing import SealError
from dsn.places import CHECKPOINTS
from dsn.serials import Serial, random_serial
from dsn.student.collection import demo_serials
from dsn.student.folder import CONFIG, WEIGHTS, load_folder, save_student
from dsn.student.sealing import seal, serial_inside

SALT = "00112233445566778899aabbccddeeff"
SERIAL = demo_serials()["digits/alder"]


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


def test_a_serial_that_comes_beside_the_pictures_is_as_good_as_one_in_their_corner() -> None:
    sealed = seal(tiny_student(), SERIAL, salt=SALT)
    pictures = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for serial in (SERIAL, SERIAL.flipped(5), Serial((0,) * 64), Serial((1,) * 64)):
        shown = sealed.stamp(pictures, serial)
        torch.testing.assert_close(sealed.predict(pictures, serial), sealed(shown).softmax(1), atol=0, rtol=0)
    both = torch.cat([sealed.stamp(pictures[:3], SERIAL), pictures[3:]])
    apart = torch.cat([sealed.predict(pictures[:3], SERIAL), sealed.predict(pictures[3:])])
    torch.testing.assert_close(sealed(both).softmax(1), apart)


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_tensor_comes_back_as_near_as_its_codes_are_fine(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    weights = {
        "a": torch.randn(40, 30, generator=generator, dtype=torch.float64).to(dtype),
        "b": torch.ones(3).to(dtype),
    }
    opened = dsn.seal_module(weights, SERIAL).state_dict(SERIAL)
    scale = 2.0 ** math.ceil(math.log2(weights["a"].abs().max().item()))
    fineness = 2.0**-32 if dtype == torch.float64 else max(2.0**-16, torch.finfo(dtype).eps / 2)
    assert opened["a"].dtype == dtype
    assert (opened["a"].double() - weights["a"].double()).abs().max() <= scale * fineness


ABSURD = {
    "a short salt": ("seal.salt", SALT[2:]),
    "a long salt": ("seal.salt", SALT * 2),
    "a salt that is no text": ("seal.salt", 7),
    "100 GB": ("seal.scrypt.n", 2**26),
    "100 GB in blocks": ("seal.scrypt.r", 50_000),
    "rounds for a year": ("seal.scrypt.p", 2**30),
    "a half": ("seal.scrypt.n", 16384.5),
    "true": ("seal.scrypt.p", True),
    "no cost": ("seal.scrypt", None),
    "another cost": ("seal.scrypt", {"n": 16384, "r": 8}),
    "a scale that is no number": ("seal.scales.extractor.0.weight", math.nan),
    "an infinite scale": ("seal.scales.extractor.0.weight", math.inf),
    "a scale of 0": ("seal.scales.extractor.0.weight", 0),
    "a scale that is no power of two": ("seal.scales.extractor.0.weight", 3),
    "a scale of a thousand digits": ("seal.scales.extractor.0.weight", 10**999),
    "a text for a scale": ("seal.scales.extractor.0.weight", "1"),
    "another tensor": ("seal.scales.extractor.99.weight", 1.0),
    "scales in a row": ("seal.scales", [1.0]),
    "a seal in a row": ("seal", ["salt", "scales", "scrypt"]),
    "something besides": ("seal.tag", "00"),
    "no seal": ("seal", None),
    "another lock": ("lock", "bolted"),
    "no lock": ("lock", "stamped"),
    "BatchNorm": ("network.batch_norm", True),
    "a short serial inside": ("seal.inside", "0123"),
}


@pytest.fixture(scope="module")
def sealed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "alder"
    save_student(dsn.seal(tiny_student(), SERIAL, salt=SALT), folder)
    return folder


@pytest.mark.parametrize("kind", ABSURD)
def test_an_absurd_seal_is_refused_in_a_sentence_before_any_key_is_sought(
    sealed_folder: Path, tmp_path: Path, kind: str
) -> None:
    place, value = ABSURD[kind]
    shutil.copytree(sealed_folder, tmp_path / "alder")
    config = json.loads((tmp_path / "alder" / CONFIG).read_text("utf-8"))
    part, (*above, last) = config, place.split(".", 2)
    for key in above:
        part = part[key]
    part[last] = value
    (tmp_path / "alder" / CONFIG).write_text(json.dumps(config), "utf-8")
    with pytest.raises(dsn.StudentError, match=r"alder/config\.json") as refused:
        load_folder(tmp_path / "alder")
    message = str(refused.value)
    assert message.endswith(".") and message.isprintable() and len(message) < 500


@pytest.mark.parametrize("codes", [torch.zeros(10, 9, dtype=torch.int16), torch.zeros(10, 8, dtype=torch.int32), None])
def test_codes_of_another_shape_are_refused(sealed_folder: Path, tmp_path: Path, codes: torch.Tensor | None) -> None:
    shutil.copytree(sealed_folder, tmp_path / "alder")
    tensors = load_file(tmp_path / "alder" / WEIGHTS)
    del tensors["predictor.weight"]
    write_tensors(tmp_path / "alder" / WEIGHTS, tensors if codes is None else {**tensors, "predictor.weight": codes})
    with pytest.raises(dsn.StudentError, match=r"not of the network in config\.json .*predictor\.weight.*one student"):
        load_folder(tmp_path / "alder")


def test_a_serial_of_another_length_is_refused(sealed_folder: Path) -> None:
    sealed, short = load_folder(sealed_folder), Serial.parse("BM2")
    for refused in (lambda: sealed.predict(torch.rand(1, 1, 28, 28), short), lambda: dsn.unseal(sealed, short)):
        with pytest.raises(ValueError, match="takes a serial of 64 bits, and this one has 9"):
            refused()
    assert (sealed_folder / WEIGHTS).stat().st_size < 0.7 * 4 * sum(one.numel() for one in sealed.state_dict().values())


def test_a_file_that_is_not_sealed_as_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.safetensors"
    module = dsn.seal_module({"a": torch.ones(2, 2)}, SERIAL, salt=SALT)
    about: dict[str, Any] = {"bit_count": 64, "types": module.types, "seal": module.seal.to_json()}
    wrong: dict[str, dict] = {
        "cost": {"seal": {**about["seal"], "scrypt": {"n": 2**30, "r": 8, "p": 1}}},
        "length": {"bit_count": 1e999},
        "type": {"types": {"a": ["float32"]}},
        "names": {"types": {"b": "float32"}},
        "no types": {"types": 3},
    }
    for change in (*wrong.values(), {}):
        write_tensors(
            path, module.codes if change else {"a": torch.ones(2)}, {METADATA: json.dumps({**about, **change})}
        )
        with pytest.raises(SealError, match="is not a sealed file") as refused:
            SealedModule.load(path)
        assert str(refused.value).endswith("wrote.") and len(str(refused.value)) < 300 + len(str(path))
    module.save(path)
    with pytest.raises(SealError, match="takes a serial of 64 bits"):
        SealedModule.load(path).state_dict(Serial.parse("BM2"))


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
