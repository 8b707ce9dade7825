"""The row that hands out the comparison and its figures as files: handlers first, then the layout, then the wiring."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from dsn.export.sheet import Measured, Sheet
from dsn.export.tables import Exported, as_csv, as_json, figures
from dsn.export.visitor_files import ExportError, VisitorFiles
from dsn.measuring.comparison import compare
from dsn.owner.weights import weights_hash
from dsn.serials import Serial, SerialError
from dsn.student.collection import Collection
from dsn.ui.compare.chosen_picture import Chosen, Shown, entered_serial, read_measured
from dsn.ui.compare.tab import CompareTab
from dsn.ui.rendering import render_note, render_template, script
from dsn.ui.serving.asking import visitor
from dsn.ui.take_home.export_sheet import build_sheet
from dsn.ui.texts import Texts

DRAWN = ("png", "pdf")
WRITTEN: dict[str, Callable[[dict], str]] = {"csv": as_csv, "json": as_json}
BYTE_ORDER_MARK = "\ufeff"  # spreadsheets take a CSV file for UTF-8 by it


def drawn(kind: str, sheet: Sheet) -> bytes:
    """A sheet as "png" or "pdf"."""
    from dsn.export.drawing import as_pdf, as_png  # Matplotlib takes a second, which the page's start is spared

    return as_png(sheet) if kind == "png" else as_pdf(sheet)


class ExportRow:
    """The row's components and what happens when they are used.

    Args:
        texts: of the page.
        collection: the students.
        compare: the tab whose comparison is handed out.
        visitor_files: keeps the files.
    """

    def __init__(self, texts: Texts, collection: Collection, compare: CompareTab, visitor_files: VisitorFiles) -> None:
        self.texts, self.collection, self.visitor_files = texts, collection, visitor_files
        self.build()
        self.wire(compare)

    def press(
        self,
        value: Any,
        text: str,
        show_serial: bool,
        event: gr.EventData,
        request: gr.Request,
    ) -> str:
        """Make the file that was asked for: where to get it, or one sentence why not."""
        kind = getattr(event, "kind", None)
        if kind not in (*DRAWN, *WRITTEN):
            return ""
        shown = Shown.read(value, self.collection)
        task, customer = shown.task, self.collection.under(shown.task, shown.customer, shown.lock)
        measured = read_measured(value.get("measured"), shown, self.collection)
        try:
            serial = entered_serial(text, self.collection.student(task, customer).config.bit_count)
            path = self.visitor_files.put(
                *visitor(request),
                f"dsn-{task}-{customer}.{kind}",
                lambda: self.content(
                    kind, task, customer, shown.chosen, serial, measured, show_serial=bool(show_serial)
                ),
            )
        except SerialError as error:
            return render_note(self.texts.of_error(error), "error")
        except ExportError as error:
            return render_note(self.texts["export"]["refused"][error.kind], "error")
        return self.ready(path)

    def content(
        self,
        kind: str,
        task: str,
        customer: str,
        chosen: Chosen,
        serial: Serial | None,
        measured: Measured | None,
        *,
        show_serial: bool,
    ) -> bytes:
        """A file's content; kind is "png", "pdf", "csv" or "json"."""
        student, held = self.collection.student(task, customer), self.collection.held_out[task]
        if measured and (measured.task, measured.customer, measured.serial) != (task, customer, serial):
            measured = None  # of something that is shown no more
        revision = self.collection.origins[f"{task}/{customer}"].revision
        of = Exported(task, customer, weights_hash(student.state_dict()), revision)
        values = figures(of, measured, held, show_serial=show_serial)
        values["versions"]["gradio"] = gr.__version__
        if kind in WRITTEN:
            return ((BYTE_ORDER_MARK if kind == "csv" else "") + WRITTEN[kind](values)).encode()
        valid = self.collection.valid_serial(task, customer)
        sheet = build_sheet(
            self.texts,
            student,
            compare(student, chosen.picture, valid, serial, chosen.label),
            index=chosen.index,
            truth=chosen.label,
            values=values,
            measured=measured,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            show_serial=show_serial,
        )
        return drawn(kind, sheet)

    def ready(self, path: Path) -> str:
        """A link to a file that is there."""
        return render_template(
            "exported.html",
            t=self.texts,
            file=f"gradio_api/file={quote(str(path))}",
            name=path.name,
            size=f"{path.stat().st_size / 1000:,.0f}",
            minutes=f"{self.visitor_files.limits.minutes_kept:.0f}",
        )

    # Layout

    def build(self) -> None:
        said = self.texts["export"]
        with gr.Column(elem_classes="card export", elem_id="export"):
            self.buttons = gr.HTML(
                render_template("export.html", t=self.texts, kinds=[*DRAWN, *WRITTEN]),
                js_on_load=script("export.js"),
                elem_id="export-buttons",
            )
            self.show = gr.Checkbox(
                False, label=said["show"], info=said["show_info"], elem_id="export-show", container=False
            )
            self.file = gr.HTML("", js_on_load=script("exported.js"), elem_id="export-file")

    # Wiring

    def wire(self, compare: CompareTab) -> None:
        self.buttons.make(
            self.press,
            [compare.panels, compare.serial, self.show],
            self.file,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=1,
            concurrency_id="export",  # of all languages
        )
