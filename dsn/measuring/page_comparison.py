"""The demo's one idea on pages: the same student of maps, with its valid serial, another, and none."""

from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.measuring.comparison import CONDITIONS, Condition, serials_of
from dsn.measuring.text_boxes import text_boxes
from dsn.serials import Serial
from dsn.student.student import Student


@dataclass(frozen=True)
class PagePanel:
    """What one student finds on one page under one condition.

    Attributes:
        condition: "valid", "entered" or "absent".
        serial: stamped in, or None.
        page: what the student looked at, float [1, H, W] in [0, 1].
        boxes: round each line of text it finds, float [B, 4]: x1 y1 x2 y2 in pixels.
        serial_is_valid: whether the stamped serial is the student's own.
    """

    condition: Condition
    serial: Serial | None
    page: Tensor
    boxes: Tensor
    serial_is_valid: bool


@torch.inference_mode()
def compare_page(student: Student, page: Tensor, valid: Serial, entered: Serial | None) -> tuple[PagePanel, ...]:
    """What the student finds with its valid serial, with the entered one, and with none.

    Args:
        student: of maps, in eval mode.
        page: float [1, 1, H, W] in [0, 1], raw.
        valid: the student's own serial.
        entered: the visitor's serial, of the same length; None for none.

    Raises:
        ValueError: a serial of another length than the student's.
    """
    panels = []
    for condition in CONDITIONS:
        serial = serials_of(valid, entered)[condition]
        found = text_boxes(student.predict(page, serial)[0])
        panels.append(PagePanel(condition, serial, student.shown(page, serial)[0], found, serial == valid))
    return tuple(panels)
