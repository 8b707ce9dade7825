"""The tabs of the page, one line each, in their order. The texts say what each is called (`page.tabs`)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from dsn.allowance import Allowance
from dsn.export.visitor_files import VisitorFiles
from dsn.owner.mint.progress import QuickMint
from dsn.owner.visitors import Visitors
from dsn.student.collection import Collection
from dsn.ui.attack.tab import AttackTab
from dsn.ui.compare.tab import CompareTab
from dsn.ui.documents.tab import DocumentsTab
from dsn.ui.figures.tab import build_figures_tab
from dsn.ui.lesson.lesson import Lesson
from dsn.ui.lesson.steps import fits
from dsn.ui.method import build_method_tab
from dsn.ui.mint.tab import MintTab
from dsn.ui.serving.background import Background
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.take_home.export_row import ExportRow
from dsn.ui.texts import Texts
from dsn.ui.trace.tab import TraceTab


@dataclass(frozen=True)
class Parts:
    """What the pages of all languages share.

    Attributes:
        collection: the students they show.
        visitors: keys and students of visitors.
        quick: how they mint.
        background: where attacks run.
        waiting_line: the line before it.
        visitor_files: files made for visitors to keep.
        looks: at pictures and files that they bring.
    """

    collection: Collection
    visitors: Visitors
    quick: QuickMint
    background: Background
    waiting_line: WaitingLine
    visitor_files: VisitorFiles
    looks: Allowance


def _compare(texts: Texts, parts: Parts, tabs: gr.Tabs) -> CompareTab:
    if fits(parts.collection):
        Lesson(texts, parts.collection).wire()
    compare = CompareTab(texts, parts.collection, parts.looks)
    ExportRow(texts, parts.collection, compare, parts.visitor_files)
    return compare


def _mint(texts: Texts, parts: Parts, tabs: gr.Tabs) -> None:
    MintTab(texts, parts.collection, parts.visitors, parts.quick).offer.leads_to(tabs, "compare")


# Each lays out and wires its tab within the row of all of them; what it returns is for what concerns the whole page.
TABS: dict[str, Callable[[Texts, Parts, gr.Tabs], Any]] = {
    "compare": _compare,
    "attack": lambda texts, parts, tabs: AttackTab(texts, parts.collection, parts.background, parts.waiting_line),
    "mint": _mint,
    "trace": lambda texts, parts, tabs: TraceTab(texts, parts.collection, parts.visitors, parts.looks),
    "documents": lambda texts, parts, tabs: DocumentsTab(texts, parts.looks),
    "figures": lambda texts, parts, tabs: build_figures_tab(texts),
    "method": lambda texts, parts, tabs: build_method_tab(texts, parts.collection),
}
