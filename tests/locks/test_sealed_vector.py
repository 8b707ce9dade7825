"""The fixed vector of the sealed lock, `assets/sealed_vector.json`: what any other implementation must arrive at.

`PYTHONPATH=.:tests/kit python tests/locks/test_sealed_vector.py` writes it anew, after a change that is meant; such a
change makes every sealed file of before unreadable. What its values mean stands in `dsn/locks/README.md`.
"""

import json
from typing import Any

import pytest
import torch
from unseal_by_hand import key_of, opened

from dsn.files import write_json
from dsn.locks.sealing import ScryptCost, Seal, open_codes, seal_tensors
from dsn.places import ASSETS
from dsn.serials import Serial

VECTOR = ASSETS / "sealed_vector.json"
LONG, SHORT = Serial.from_number(0xD1CE_0BAD_F00D_5EED), Serial.from_number(0b101100101, 9)


def bits_of(serial: Serial) -> str:
    return "".join(map(str, serial.bits))


def tensors(dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    """Two small ones, not in the order of their names; more than one block of the stream; zero and a largest value."""
    generator = torch.Generator().manual_seed(5)
    predictor = torch.randn(3, 8, generator=generator, dtype=torch.float64).to(dtype)
    kernel = torch.randn(2, 1, 3, 3, generator=generator, dtype=torch.float64).to(dtype) / 8
    predictor[0, 0], predictor[0, 1] = 0.0, -4.0
    return {"predictor.weight": predictor, "extractor.0.weight": kernel}


def case(serial: Serial, salt: str, wide: frozenset[str] = frozenset(), **how: Any) -> dict[str, Any]:
    codes, seal = seal_tensors(tensors(torch.float64 if wide else torch.float32), serial, salt, wide=wide, **how)
    weights, inside = open_codes(codes, serial, seal)
    wrong, _ = open_codes(codes, serial.flipped(0), seal)
    plain = seal.to_json()
    return {
        "serial": serial.text,
        "bits": bits_of(serial),
        "salt": plain["salt"],
        "scrypt": plain["scrypt"],
        "key": key_of(bits_of(serial), salt, **plain["scrypt"]).hex(),
        "scales": plain["scales"],
        "inside": plain.get("inside", ""),
        "shapes": {name: list(one.shape) for name, one in codes.items()},
        "width": {name: 8 * one.element_size() for name, one in codes.items()},
        "codes": {name: one.flatten().tolist() for name, one in codes.items()},
        "weights": {name: one.flatten().tolist() for name, one in weights.items()},
        "bits_inside": bits_of(inside),
        "weights_if_the_first_bit_is_wrong": {name: one.flatten().tolist() for name, one in wrong.items()},
    }


def made() -> dict[str, Any]:
    wide = frozenset({"predictor.weight"})
    return {
        "64 bits": case(LONG, "00112233445566778899aabbccddeeff"),
        "9 bits": case(SHORT, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        "another cost": case(LONG, "ffeeddccbbaa99887766554433221100", scrypt=ScryptCost(n=1024, r=4, p=2)),
        "codes of 32 bits": case(LONG, "0123456789abcdef0123456789abcdef", wide=wide),
        "a serial inside": case(LONG, "fedcba9876543210fedcba9876543210", inside=LONG.inverted()),
    }


KEPT = json.loads(VECTOR.read_text("utf-8")) if VECTOR.exists() else {}


def test_sealing_and_opening_give_the_vector() -> None:
    assert json.loads(json.dumps(made())) == KEPT


@pytest.mark.parametrize("name", KEPT)
def test_the_vector_opens_by_its_description_alone(name: str) -> None:
    kept = KEPT[name]
    assert kept["bits"] == bits_of(Serial.parse(kept["serial"]))
    assert key_of(kept["bits"], kept["salt"], **kept["scrypt"]).hex() == kept["key"]
    assert opened(kept, kept["bits"]) == (kept["weights"], kept["bits_inside"])
    wrong = f"{1 - int(kept['bits'][0])}{kept['bits'][1:]}"
    assert opened(kept, wrong)[0] == kept["weights_if_the_first_bit_is_wrong"]
    whole = tensors(torch.float64)
    for key, values in kept["weights"].items():
        step = kept["scales"][key] / 2 ** (kept["width"][key] - 1)
        assert torch.tensor(values, dtype=torch.float64).sub(whole[key].flatten()).abs().max() <= 0.5001 * step


def test_a_seal_as_javascript_writes_it_is_read() -> None:
    values = json.loads(json.dumps(KEPT["64 bits"]).replace(".0,", ",").replace(".0}", "}"))
    assert any(type(scale) is int for scale in values["scales"].values())
    seal = Seal.from_json({name: values[name] for name in ("salt", "scales", "scrypt")})
    codes = {name: torch.tensor(one, dtype=torch.int16) for name, one in values["codes"].items()}
    weights, _ = open_codes(codes, LONG, seal)
    assert {name: one.tolist() for name, one in weights.items()} == KEPT["64 bits"]["weights"]


if __name__ == "__main__":
    write_json(VECTOR, made())
