"""A visitor's order and the live part of its minting as HTML."""

import math
from dataclasses import asdict
from urllib.parse import quote

from dsn.measuring.comparison import Condition, Measurement
from dsn.owner.mint.forecast import about
from dsn.owner.mint.progress import Progress
from dsn.owner.visitors import MintOrder, VisitorStudent
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts


def duration(texts: Texts, seconds: float) -> str:
    """A duration in words, such as "about 40 seconds"."""
    told = about(seconds)
    return texts["mint"]["about"][told.unit].format(count=told.count)


def render_order(texts: Texts, order: MintOrder) -> str:
    """A visitor's verifier, its signature, and the serial that comes out of it."""
    claim = order.claim
    return render_template(
        "order.html",
        t=texts,
        said=asdict(claim.verifier),
        key=claim.key,
        signature=claim.signature.hex(),
        serial=claim.serial,
    )


def render_minting(
    texts: Texts,
    progress: Progress,
    even: float,
    measured: Measurement | None = None,
    made: VisitorStudent | None = None,
    *,
    limit: float = math.inf,
) -> str:
    """How far a minting is, its curves, and in the end what the student reaches and the file to download.

    Args:
        texts: of the page.
        progress: so far.
        even: what guessing evenly reaches, in percent.
        measured: the finished student on the pictures that come with the project.
        made: the finished student.
        limit: a forecast beyond these seconds is explained.
    """
    whole, lower = progress.forecast, made.order.lower if made else None
    kinds: tuple[Condition, ...] = ("valid", "entered", "absent")
    curves = {
        kind: [
            (100 * look.share, {"valid": look.valid, "entered": look.wrong, "absent": look.absent}[kind].percent)
            for look in progress.looks
        ]
        for kind in kinds
    }
    return render_template(
        "minting.html",
        t=texts,
        progress=progress,
        even=even,
        curves=curves,
        whole=None if whole is None else duration(texts, whole),
        slower=whole is not None and whole > limit,
        lower=f"{100 * lower.share:.0f} %" if lower else None,
        final={kind: measured.accuracy(kind) for kind in kinds} if measured else None,
        customer=made.order.claim.verifier.customer if made else None,
        file=f"gradio_api/file={quote(str(made.download))}" if made and made.download else None,
        file_name=made.download.name if made and made.download else None,
    )
