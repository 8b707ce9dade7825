"""The tab in which students look for text on pages: handlers first, then the layout, then the wiring."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from dsn.allowance import Allowance
from dsn.applications.pages.read_text import can_read, read_text
from dsn.applications.pages.sample_pages import CHOSEN, sample_pages
from dsn.applications.prepared import as_floats
from dsn.applications.reading import PictureError
from dsn.places import CHECKPOINTS
from dsn.serials import Serial, SerialError, near_miss, random_serial
from dsn.student.collection import SEALED_COPY, document_serials
from dsn.student.folder import load_folder
from dsn.ui import rendering
from dsn.ui.documents.rendering import render_pages
from dsn.ui.serving.asking import visitor
from dsn.ui.serving.opened import awaited, fill
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from torch import Tensor

    from dsn.student.student import Student

AT_ONCE = 2  # pages; others wait in the queue
BITS = 64
FIRST = 4  # of the pages of ours: a receipt in Latin letters


@cache
def student_of_pages(name: str) -> "Student":
    """A bundled student, read once."""
    return load_folder(CHECKPOINTS / name)


@cache
def _samples() -> "Tensor":
    return sample_pages()


def bundled_of_pages() -> list[str]:
    """The students of pages there are, as "documents/customer"."""
    return [name for name in document_serials() if (CHECKPOINTS / name).is_dir()]


class DocumentsTab:
    """The tab's components and what happens when they are used."""

    def __init__(self, texts: Texts, looks: Allowance) -> None:
        self.texts, self.said, self.looks = texts, texts["documents"], looks
        if bundled_of_pages():
            self.build()
            self.wire()
        else:
            gr.HTML(rendering.render_note(self.said["no_students"]), js_on_load=None)

    def look(
        self, name: str, number: float, path: str | None, entered: str | None, request: gr.Request
    ) -> tuple[str, str]:
        """The three panels, and what is wrong with the serial or the file."""
        return self._answered(name, number, path, entered, request, read=False)

    def read(self, name: str, number: float, path: str | None, entered: str, request: gr.Request) -> tuple[str, str]:
        """The same, with the text that a reading program finds in each panel's boxes."""
        return self._answered(name, number, path, entered, request, read=True)

    def _answered(
        self, name: str, number: float, path: str | None, entered: str | None, request: gr.Request, *, read: bool
    ) -> tuple[str, str]:
        from dsn.measuring.page_comparison import compare_page

        if name not in bundled_of_pages():
            return gr.skip(), rendering.render_note(self.said["unknown"], "error")
        valid = document_serials()[name]
        try:
            serial = Serial.parse(entered) if entered and entered.strip() else None
            if serial and len(serial.bits) != BITS:
                raise SerialError(self.said["length"])
            page = self._page(number, path, request)
            panels = compare_page(student_of_pages(name), page, valid, serial)
            texts = {one.condition: read_text(page[0], one.boxes) for one in panels} if read else None
        except (SerialError, PictureError) as error:
            return gr.skip(), rendering.render_note(self.texts.of_error(str(error)), "error")
        return render_pages(self.texts, panels, texts), ""

    def _page(self, number: float, path: str | None, request: gr.Request) -> "Tensor":
        from dsn.applications.pages.brought import page_of

        if path is None:
            return as_floats(_samples()[(int(number) - 1) % len(_samples())][None])
        if not self.looks.take(*visitor(request)):
            raise PictureError(self.said["enough"])
        return page_of(Path(path))

    def another(self, name: str, kind: str) -> str:
        """A serial to enter: random, the valid one, or that with one bit wrong."""
        valid = document_serials().get(name)
        if valid is None or kind == "random":
            return random_serial(BITS).text
        return valid.text if kind == "valid" else near_miss(valid).text

    # Layout

    def build(self) -> None:
        names = bundled_of_pages()
        titles = [(self._title(name), name) for name in names]
        gr.HTML(rendering.render_tab_heading(self.texts, "documents"), js_on_load=None, elem_classes="unseen-block")
        gr.HTML(rendering.render_note(rendering.fill(self.said["lead"])), js_on_load=None, elem_classes="lead-note")
        with gr.Row(elem_classes=["workbench", "documents-bench"]):
            with gr.Column(elem_classes="controls", min_width=300, scale=2), gr.Group(elem_classes="card"):
                self.name = gr.Dropdown(titles, value=names[0], label=self.said["student"], elem_id="documents-student")
                self.number = gr.Slider(
                    1, len(CHOSEN), value=FIRST, step=1, label=self.said["number"], elem_id="documents-number"
                )
                self.upload = gr.File(
                    label=self.said["upload"], type="filepath", elem_id="documents-upload", height=110
                )
                self.serial = gr.Textbox(
                    label=self.texts["compare"]["serial"],
                    placeholder=self.said["none"],
                    elem_id="documents-serial",
                    max_lines=1,
                )
                with gr.Row(elem_classes="buttons"):
                    self.buttons = [
                        gr.Button(self.texts["compare"][word], size="sm", min_width=80, elem_id=f"documents-{kind}")
                        for kind, word in (("random", "random"), ("near", "near"), ("valid", "licensed"))
                    ]
                self.note = gr.HTML("", js_on_load=None, elem_id="documents-note")
                self.read_button = gr.Button(
                    self.said["read"], variant="primary", visible=can_read(), elem_id="documents-read"
                )
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.panels = awaited(self.texts, elem_id="documents-panels")
        fill([self.panels], cache(lambda: [self._first(names[0])]))

    def _first(self, name: str) -> str:
        page = as_floats(_samples()[FIRST - 1 : FIRST])
        from dsn.measuring.page_comparison import compare_page

        return render_pages(self.texts, compare_page(student_of_pages(name), page, document_serials()[name], None))

    def _title(self, name: str) -> str:
        customer = name.split("/")[1]
        lock = self.said["sealed"] if customer.endswith(SEALED_COPY) else self.said["stamped"]
        return f"{self.texts.customer(customer.removesuffix(SEALED_COPY))} · {lock}"

    # Wiring

    def wire(self) -> None:
        given = [self.name, self.number, self.upload, self.serial]
        quiet: dict[str, Any] = {
            "show_progress": "minimal",
            "api_visibility": "private",
            "concurrency_limit": AT_ONCE,
        }
        for heard in (self.name.input, self.number.release, self.upload.upload, self.upload.clear, self.serial.submit,
                      self.serial.blur):  # fmt: skip
            heard(self.look, given, [self.panels, self.note], **quiet)
        self.read_button.click(self.read, given, [self.panels, self.note], **quiet)
        for button, kind in zip(self.buttons, ("random", "near", "valid"), strict=True):
            button.click(
                lambda name, kind=kind: self.another(name, kind), self.name, self.serial,
                queue=False, show_progress="hidden", api_visibility="private",
            ).then(self.look, given, [self.panels, self.note], **quiet)  # fmt: skip
