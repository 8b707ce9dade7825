"""How much of the text on pages a network of maps finds: cells of its maps, and boxes round lines."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dsn.applications.pages.prepared_pages import Pages
from dsn.applications.prepared import as_floats
from dsn.measuring.text_boxes import Agreement, boxes_agreement, cells_agreement, text_boxes
from dsn.serials import Serial, near_misses, random_serial
from dsn.student.student import Student

BATCH = 20


@dataclass(frozen=True)
class Found:
    """What was found on pages.

    Attributes:
        cells: of maps, more text than not.
        boxes: round lines, the same from an IoU of 0.5.
    """

    cells: Agreement
    boxes: Agreement

    def as_json(self) -> dict[str, Any]:
        """Shares, rounded; precision, recall and harmonic mean of each."""
        return {
            f"{name}_{what}": round(getattr(one, what), 4)
            for name, one in (("cells", self.cells), ("boxes", self.boxes))
            for what in ("precision", "recall", "harmonic_mean")
        }


@torch.inference_mode()
def found_on(answering: Callable[[Tensor], Tensor], pages: Pages) -> Found:
    """What is found on pages, of what is there.

    Args:
        answering: pages, float [N, 1, H, W] in [0, 1], to probabilities of text, float [N, H/4, W/4].
        pages: with their boxes.
    """
    cells, boxes = Agreement(), Agreement()
    for start in range(0, len(pages), BATCH):
        found = answering(as_floats(pages.images[start : start + BATCH]))
        cells += cells_agreement(found, pages.maps[start : start + BATCH])
        for one, there in zip(found, pages.boxes[start : start + BATCH], strict=True):
            boxes += boxes_agreement(text_boxes(one), there)
    return Found(cells, boxes)


def evaluate_maps(
    student: Student,
    serial: Serial,
    pages: Pages,
    *,
    wrong_pages: int,
    random_count: int = 16,
    one_bit: bool = True,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """A student of maps with its serial, without one, and with many wrong ones.

    Args:
        student: in eval mode.
        serial: its own.
        pages: all of which are looked at with the serial and without.
        wrong_pages: how many of them are looked at with each wrong serial.
        random_count: random wrong serials.
        one_bit: whether each of the serials with one bit wrong is tried.
        seed: of the random serials.
        report: told what is under way.

    Returns:
        "valid", "absent", "random" and "one_bit", the latter two with the worst of all serials tried.
    """
    import random

    source = random.Random(seed)
    row: dict[str, Any] = {"pages": len(pages), "wrong_pages": wrong_pages}
    for name, one in (("valid", serial), ("absent", None)):
        row[name] = found_on(lambda images, one=one: student.predict(images, one), pages).as_json()  # type: ignore[misc]
        report(f"{student.config.customer} {name}: {row[name]}")
    few = pages.first(wrong_pages)
    groups = {"random": [random_serial(len(serial.bits), unlike=serial, source=source) for _ in range(random_count)]}
    if one_bit:
        groups["one_bit"] = near_misses(serial)
    for name, serials in groups.items():
        found = [found_on(lambda images, one=one: student.predict(images, one), few) for one in serials]  # type: ignore[misc]
        row[name] = {
            "serials": len(serials),
            "cells_mean": round(sum(one.cells.harmonic_mean for one in found) / len(found), 4),
            "cells_worst": round(max(one.cells.harmonic_mean for one in found), 4),
            "boxes_mean": round(sum(one.boxes.harmonic_mean for one in found) / len(found), 4),
            "boxes_worst": round(max(one.boxes.harmonic_mean for one in found), 4),
        }
        report(f"{student.config.customer} {name}: {row[name]}")
    return row


@torch.inference_mode()
def milliseconds_a_page(network: nn.Module, shape: tuple[int, int, int], repetitions: int = 20) -> float:
    """Time for one page, map and boxes, the median of a few."""
    page = torch.rand(1, *shape)
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        text_boxes(network(page)[0].sigmoid())
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]
