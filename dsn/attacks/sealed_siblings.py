"""Comparing files: several customers' sealed copies, and an older student of the same teacher that is not sealed.

The adversary has the attacked file, those of two other customers, and from one of these, long ago, a student that was
never sealed, all distilled from one teacher. He adds the files up, takes one from the other, xors their codes (a stream
used twice would fall out), takes what the older student would have been sealed to, for the stream that sealed it, and
opens the attacked file with that; and he puts the older student's weights and the attacked codes together. Each network
is measured with its last ReLU and without it. Beside it stands the same with random codes in the place of the attacked
file, many times over: what the older student gives by itself is not the sealed file's doing. There is no budget.
Not in the paper.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsn.attacks.kit.noise import random_codes, sealed_by
from dsn.attacks.kit.record import HIGHEST, UNSEALED, Attack, Line, Needs
from dsn.attacks.kit.scene import AttackError, Outcome, Running, Scene, Step
from dsn.attacks.opening import bare, drives
from dsn.attacks.sealed_codes import correlation_score
from dsn.locks.sealing import Seal, as_they_lie, codes_of
from dsn.networks.classifier import folded_weights
from dsn.student.sealing import seal, student_of
from dsn.student.student import Student

Codes = Mapping[str, Tensor]


@dataclass(frozen=True)
class Settings:
    """What it is compared with.

    Attributes:
        random: files of random codes that are tried in the place of the attacked one.
    """

    random: int = 6


FULL = Settings()
QUICK = Settings(random=2)


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Every comparison; the share of the data changes nothing.

    Args:
        scene: the sealed student, and licensed, unsealed students of two other customers.
        settings: how many random files.
        share: unused.
        seed: of the others' salts, and of the random codes.

    Returns:
        `best` network that comes out of any comparison, in percent without a serial; `random_highest`, the best with
        random codes instead; `sibling_score` and `older_score`, the correlation of the attacked codes with another
        file's, and with those of the older student before they were sealed, in standard deviations.

    Raises:
        AttackError: fewer than two other customers.
    """
    shape = scene.student.config.network.layers
    others = [one for one in scene.others.values() if one.student.config.network.layers == shape][:2]
    if len(others) < 2:
        raise AttackError("Comparing files needs the students of two other customers, of the same network.")
    salts = (hashlib.sha256(f"{seed}, {place}".encode()).hexdigest()[:32] for place in range(len(others)))
    files = [seal(one.student, one.serial, salt=salt) for one, salt in zip(others, salts, strict=True)]
    older = {name: one.detach().cpu() for name, one in folded_weights(others[0].student).items()}
    total = 1 + settings.random

    def best_with(attacked: Student, mark: Seal) -> float:
        made = compared(attacked, mark, files, older)
        return max(right(scene, student_of(attacked.config, weights)) for weights in made.values())

    mark = sealed_by(scene.student)
    found = best_with(scene.student, mark)
    yield Step(1, total, {"best": found})
    highest = -1.0
    for place in range(settings.random):
        highest = max(highest, best_with(random_codes(scene.student, 1000 * seed + place), mark))
        yield Step(2 + place, total, {"best": found, "random_highest": highest})
    own = _row(codes_of(scene.student.state_dict(), mark))
    return Outcome(
        {
            "best": found,
            "random_highest": highest,
            "sibling_score": correlation_score(own, _row(codes_of(files[0].state_dict(), sealed_by(files[0])))),
            "older_score": correlation_score(own, _row(plain_codes(older, sealed_by(files[0])))),
        }
    )


def compared(attacked: Student, mark: Seal, files: list[Student], older: Codes) -> dict[str, dict[str, Tensor]]:
    """The networks that come out of comparing files, as weights, by how.

    Args:
        attacked: the sealed student, or random codes in its place.
        mark: the attacked student's seal.
        files: other customers' sealed students; of the first one the older student is.
        older: the weights of that one before it was sealed.
    """
    lies = {name: one.detach().cpu() for name, one in attacked.state_dict().items()}
    rest = [{name: one.detach().cpu() for name, one in file.state_dict().items()} for file in files]
    codes = codes_of(lies, mark)
    first = codes_of(rest[0], sealed_by(files[0]))
    stream = {name: first[name] ^ one for name, one in plain_codes(older, sealed_by(files[0])).items()}
    return {
        "mean": {name: torch.stack([one, *(other[name] for other in rest)]).mean(0) for name, one in lies.items()},
        "difference": {name: one - rest[0][name] for name, one in lies.items()},
        "xored": as_they_lie({name: one ^ first[name] for name, one in codes.items()}, mark),
        "stream_of_another": as_they_lie({name: one ^ stream[name] for name, one in codes.items()}, mark),
        "beside_older": {name: (one + older[name]) / 2 for name, one in lies.items()},
        "difference_added": {name: older[name] + (one - rest[0][name]) for name, one in lies.items()},
    }


def plain_codes(weights: Codes, mark: Seal) -> dict[str, Tensor]:
    """The codes of weights before they are sealed, int16; what a scale is too small for is cut off."""
    top = 2**15 - 1
    limited = {
        name: one.clamp(-mark.scales[name] * top / 2**15, mark.scales[name] * top / 2**15)
        for name, one in weights.items()
    }
    return codes_of(limited, mark)


@torch.inference_mode()
def right(scene: Scene, network: Student) -> float:
    """Right answers in percent without a serial, with the last ReLU or without it, whichever is more."""
    network = network.to(scene.device)
    seen = drives(network, scene.test.images)
    answers = (network.predictor(way(seen)).argmax(1) for way in (torch.relu, bare))
    return max(100 * (one == scene.test.labels).double().mean().item() for one in answers)


def _row(codes: Codes) -> np.ndarray:
    return np.concatenate([codes[name].numpy().ravel() for name in sorted(codes)])


ATTACK = Attack(
    "sealed-siblings",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=UNSEALED),
    lines=(
        Line("comparing sealed files, and an older student: absent, best way", ("best",), HIGHEST),
        Line("the same with random codes for the attacked file: absent, best way", ("random_highest",), HIGHEST),
    ),
)
