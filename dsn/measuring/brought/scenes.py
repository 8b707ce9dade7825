"""Made scenes with a sign in each: how often its place is suggested, and the sign then read."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from dsn.applications.cropping import Box
from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.registry import application_named
from dsn.applications.sign_places import find_sign
from dsn.results.store import provenance, record
from dsn.serials import Serial
from dsn.statistics import Accuracy
from dsn.student.student import Student

SIZE = 480, 360  # pixels
LEAST_OVERLAP = 0.5  # of a suggestion and the sign, from which it counts as found
KEY = "sign-places"  # of the row


def scene(seed: int, signs: HeldOut) -> tuple[Image.Image, Box, int]:
    """A held-out sign, a quarter to a half of the frame high, on sky and green; where it is; its class."""
    source = np.random.default_rng(seed)
    index = int(source.integers(len(signs.split)))
    width, height = SIZE
    ground = np.zeros((height, width, 3))
    horizon = int(source.uniform(0.4, 0.7) * height)
    ground[:horizon] = np.array([150, 165, 185]) + source.uniform(-25, 25, 3)
    ground[horizon:] = np.array([90, 105, 70]) + source.uniform(-20, 20, 3)
    coarse = Image.fromarray(source.uniform(0, 255, (24, 32)).astype(np.uint8)).resize((width, height))
    ground += (np.asarray(coarse, dtype=float)[..., None] - 128) * 0.25 + source.normal(0, 6, ground.shape)
    picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    side = int(source.uniform(0.25, 0.5) * height)
    left, top = int(source.integers(10, width - side - 10)), int(source.integers(10, height - side - 10))
    sign = Image.fromarray(signs.split.images[index].permute(1, 2, 0).numpy()).resize((side, side))
    round_ = Image.new("L", (side, side), 0)
    ImageDraw.Draw(round_).ellipse((2, 2, side - 3, side - 3), fill=255)
    picture.paste(sign, (left, top), round_)
    box = Box(left / width, top / height, (left + side) / width, (top + side) / height)
    return picture, box, int(signs.split.labels[index])


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    common = max(0.0, wide) * max(0.0, high)
    return common / (one.area + other.area - common)


@torch.inference_mode()
def places_of_signs(student: Student, serial: Serial, count: int) -> dict[str, Accuracy]:
    """Of made scenes, how many suggestions overlap the sign by half, and how many signs are read right.

    Args:
        student: of signs.
        serial: stamped before the student is asked.
        count: scenes, numbered from 0, which is their seed.

    Returns:
        "found"; and right answers about the "whole" picture, the suggested "box", and the sign's own "place".
    """
    application = application_named("signs")
    signs = load_held_out(application)
    right = dict.fromkeys(("found", "whole", "box", "place"), 0)
    for seed in range(count):
        picture, where, label = scene(seed, signs)
        look = find_sign(picture)
        right["found"] += overlap(look.box, where) > LEAST_OVERLAP
        for name, part in (("whole", picture), ("box", look.box.cut(picture)), ("place", where.cut(picture))):
            answered = student(student.stamp(application.fitted(part), serial)).argmax(1).item()
            right[name] += int(answered == label)
    return {name: Accuracy(number, count) for name, number in right.items()}


def run(student: Student, serial: Serial, count: int, report: Callable[[str], None] = print) -> None:
    """Measure it and record it in `assets/results/pictures.json`; the arguments as above."""
    found = places_of_signs(student, serial, count)
    row = {"scenes": count, **{name: {"correct": one.correct, **one.as_json()} for name, one in found.items()}}
    record("pictures", KEY, {**row, **provenance(0, "cpu")})
    report(f"{KEY}: " + ", ".join(f"{name} {accuracy.correct}" for name, accuracy in found.items()))
