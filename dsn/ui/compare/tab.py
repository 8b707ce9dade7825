"""The tab of the side-by-side comparison: handlers first, then the layout, then the wiring.

What a visitor presses is answered in their own browser (`scripts/comparing.js`). The panels' component is how browser
and server speak: its value says what is shown (`Shown`), and what the server sends goes there.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
from PIL import Image

from dsn.allowance import Allowance
from dsn.applications.cropping import Box
from dsn.applications.reading import PictureError, drawing
from dsn.applications.registry import applications
from dsn.measuring.comparison import compare, measure
from dsn.student.collection import LOCKS, Collection
from dsn.ui import rendering
from dsn.ui.compare.chosen_picture import NO_SERIAL, Chosen, Shown
from dsn.ui.compare.crop_box import Brought, bring
from dsn.ui.compare.first_answer import first_of, first_panels
from dsn.ui.compare.page_script import page_script
from dsn.ui.compare.records import (
    GALLERY_COUNT,
    answered,
    flips_record,
    gallery_pictures,
    measurement_record,
    record_of,
)
from dsn.ui.rendering import script
from dsn.ui.serving.asking import visitor
from dsn.ui.texts import Texts

SHOWN_TOGETHER = 8  # answers to flipped bits that are sent at a time
FILL = 'document.dispatchEvent(new Event("dsn:place"));'  # the page's script fills the place, whichever comes first
CONTROLS = "() => window.dsnControls()"


class CompareTab:
    """The tab's components and what happens when they are used."""

    def __init__(self, texts: Texts, collection: Collection, looks: Allowance) -> None:
        self.texts, self.collection, self.looks = texts, collection, looks
        self.first = first_of(collection)
        self.build()
        self.wire()

    def record(self, shown: Shown, note: str = "") -> dict[str, Any]:
        """What is shown, the student's answers to it, and a sentence on the picture: a new value of the panels."""
        student = self.collection.student(shown.task, shown.customer, shown.lock)
        valid = self.collection.valid_serial(shown.task, shown.customer)
        panels = answered(compare(student, shown.chosen.picture, valid, shown.serial, shown.chosen.label))
        return self.of_panels(shown.to_json(), panels, shown.chosen.label, note)

    def of_panels(
        self, shown: dict[str, Any], panels: list[dict[str, Any]], truth: int | None, note: str = ""
    ) -> dict[str, Any]:
        """A new value of the panels, from what is shown and what was answered; `truth`: the true class, if known."""
        task, customer = shown["task"], shown["customer"]
        others = {
            self.collection.valid_serial(task, other): other
            for other in self.collection.customers(task)
            if other != customer
        }
        config = self.collection.config_under(task, customer, shown["lock"])
        return {**shown, **record_of(self.texts, config, panels, truth, others, customer), "note": note}

    def at_first(self) -> dict[str, Any]:
        """What the panels show when the page comes."""
        first = self.first
        shown = {"task": first.task, "customer": first.customer, "lock": first.lock, "index": first.index, "own": None}
        truth = int(self.collection.held_out[first.task].labels[first.index])
        panels = first_panels(self.collection, first)
        return self.of_panels({**shown, "serial": first.entered.text}, panels, truth)

    def read(self, value: Any) -> Shown:
        """What a browser says is shown.

        Raises:
            ValueError: it is nothing that the page could show.
        """
        return Shown.read(value, self.collection)

    def about_measuring(self, task: str, sentence: str) -> str:
        """What is said before a measurement, with the number of its pictures."""
        return self.texts["measure"][sentence].format(count=f"{len(self.collection.held_out[task].labels):,}")

    # Each of these says where a picture of the visitor's own is fitted: here, once; it comes back as what the network
    # is given, and what is pressed after that is the browser's again.

    def bring_picture(self, value: Any, path: str | None, request: gr.Request) -> tuple:
        """New values of the panels, the box on the picture, and the picture itself."""
        if path is None:
            return {"note": ""}, "", None
        if not self.looks.take(*visitor(request)):
            return {"note": rendering.render_note(self.texts["compare"]["enough"], "error")}, gr.skip(), gr.skip()
        shown = self.read(value)
        try:
            part, crop, brought = bring(self.texts, applications()[shown.task], path)
        except PictureError as error:
            return self.refused(error), "", None
        return self.fitted(shown, part, self.texts["compare"]["uploaded"]), crop, brought

    def crop_picture(self, value: Any, brought: Brought | None, event: gr.EventData) -> dict[str, Any]:
        """The part of a brought picture that a visitor drew a box around."""
        box = Box.read(event.box)
        if brought is None or box is None:
            return {"note": ""}
        return self.fitted(self.read(value), box.cut(brought.picture), self.texts["compare"]["cropped"])

    def draw_picture(self, value: Any, event: gr.EventData) -> dict[str, Any]:
        """What a visitor drew."""
        shown = self.read(value)
        try:
            picture = drawing(event.picture)
        except PictureError as error:
            return self.refused(error)
        return self.fitted(shown, picture, self.texts["compare"]["drawn"])

    def fitted(self, shown: Shown, picture: Image.Image, note: str) -> dict[str, Any]:
        """The record of a visitor's picture; a note where nothing is to be seen on it."""
        try:
            own = Chosen(applications()[shown.task].fitted(picture))
        except PictureError as error:
            return self.refused(error)
        return self.record(replace(shown, chosen=own), rendering.render_note(note))

    def refused(self, error: Exception) -> dict[str, Any]:
        """A sentence in place of a picture."""
        return {"note": rendering.render_note(self.texts.of_error(error), "error")}

    def press_measure(self, value: Any) -> Iterator[dict[str, Any]]:
        """The measurement of what is shown, for a browser whose engine cannot run."""
        shown = self.read(value)
        student = self.collection.student(shown.task, shown.customer, shown.lock)
        valid = self.collection.valid_serial(shown.task, shown.customer)
        of = {"task": shown.task, "customer": shown.customer, "lock": student.config.lock}
        of["serial"] = shown.serial.text if shown.serial else NO_SERIAL
        for measurement in measure(student, self.collection.held_out[shown.task].split, valid, shown.serial):
            yield {"measurement": measurement_record(measurement, of)}

    def press_flip(self, value: Any) -> Iterator[dict[str, Any]]:
        """What flipping each bit answers, some at a time, for a browser whose engine cannot run."""
        from dsn.measuring.avalanche import avalanche

        shown = self.read(value)
        student = self.collection.student(shown.task, shown.customer, shown.lock)
        held, flips, chosen = self.collection.held_out[shown.task], [], shown.chosen
        for flip in avalanche(student, chosen.picture, self.collection.valid_serial(shown.task, shown.customer)):
            flips.append(flip)
            if len(flips) % SHOWN_TOGETHER == 0 or len(flips) == student.config.bit_count:
                record = flips_record(self.texts, student.config, held, flips, chosen.label, shown.customer)
                yield {"flipped": {**record, "index": chosen.index}}

    # Layout

    def build(self) -> None:
        said = self.texts["compare"]
        task, customer, entered = self.first.task, self.first.customer, self.first.entered
        locks = self.collection.locks(task, customer)
        self.brought = gr.State(None)

        def answer(value: Any) -> dict[str, Any]:
            return self.record(self.read(value))

        def gallery(task: str) -> list[str]:
            held = self.collection.held_out[task]
            return gallery_pictures(held, held.gallery(GALLERY_COUNT))

        gr.HTML(rendering.render_tab_heading(self.texts, "compare"), js_on_load=None, elem_classes="unseen-block")
        with gr.Row(elem_classes="workbench compare-bench"):
            with gr.Column(elem_classes="controls", min_width=300, scale=2):
                with gr.Group(elem_classes="card"):
                    self.task = gr.Radio(
                        [(self.texts.title(one), one.name) for one in self.collection.applications()],
                        value=task,
                        label=said["application"],
                        elem_id="application",
                        elem_classes="segmented",
                        interactive=True,  # to Gradio it is an output alone
                    )
                    self.customer = gr.Radio(
                        [(self.texts.customer(one), one) for one in self.collection.customers(task)],
                        value=customer,
                        label=said["customer"],
                        info=said["customer_info"],
                        elem_id="customer",
                        elem_classes="segmented",
                        interactive=True,  # to Gradio it is an output alone
                    )
                    self.lock = gr.Radio(
                        [(said["locks"][lock], lock) for lock in LOCKS],
                        value=locks[0],
                        label=said["lock"],
                        visible=len(locks) > 1,
                        elem_id="lock",
                        elem_classes="segmented",
                        interactive=True,  # to Gradio it is an output alone
                    )
                with gr.Group(elem_classes="card"):
                    self.serial = gr.Textbox(
                        value=entered.text,
                        label=said["serial"],
                        info=said["serial_info"],
                        max_lines=1,
                        elem_id="serial",
                    )
                    gr.HTML("", js_on_load=FILL, elem_id="serial-note")
                    with gr.Row(elem_classes="bits-and-buttons"):
                        gr.HTML("", js_on_load=FILL, elem_id="bits")
                        with gr.Column(elem_classes="buttons", min_width=100):
                            gr.Button(said["licensed"], size="sm", variant="primary", elem_id="press-licensed")
                            for press in ("random", "near", "another", "none"):
                                gr.Button(said[press], size="sm", elem_id=f"press-{press}")
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.panels = gr.HTML(
                    {**self.at_first(), "is_first": True},
                    html_template="",
                    js_on_load=page_script(self.texts, self.collection),
                    elem_id="panels",
                    server_functions=[answer, gallery],
                )
                with gr.Tabs(elem_classes="sources"):
                    with gr.Tab(said["held_out"]):
                        gr.HTML("", js_on_load=FILL, elem_id="gallery")
                    with gr.Tab(said["own_picture"]), gr.Row(elem_classes="own-picture"):
                        self.sketch = gr.HTML(
                            rendering.render_sketch(self.texts),
                            js_on_load=script("sketch.js"),
                            elem_id="sketch",
                            visible=applications()[task].can_be_drawn,
                            min_width=240,
                        )
                        with gr.Column(min_width=240):
                            self.upload = gr.File(label=said["upload"], type="filepath", elem_id="upload", height=180)
                            self.crop = gr.HTML("", js_on_load=script("crop.js"), elem_id="crop", padding=False)
                gr.HTML("", js_on_load=None, elem_id="picture-note")
        with gr.Column(elem_classes="card measure"):
            gr.Button(self.texts["avalanche"]["button"], elem_id="flip-all")
            gr.HTML("", js_on_load=FILL, elem_id="flips")
        with gr.Column(elem_classes="card measure"):
            self.measure = gr.Button(self.about_measuring(task, "button"), variant="primary", elem_id="measure")
            gr.HTML("", js_on_load=FILL, elem_id="measurement")

    # Wiring

    def wire(self) -> None:
        last: dict = {"trigger_mode": "always_last"}
        hidden: dict = {"show_progress": "hidden", "api_visibility": "private"}
        quick: dict = {"queue": False, **hidden}
        # No request: the browser sets these to what it shows.
        controls = [self.task, self.customer, self.lock, self.serial, self.sketch, self.measure]
        self.panels.controls(None, None, controls, js=CONTROLS, trigger_mode="multiple", **quick)
        self.upload.change(
            self.bring_picture, [self.panels, self.upload], [self.panels, self.crop, self.brought], **quick
        )
        self.crop.click(self.crop_picture, [self.panels, self.brought], self.panels, **last, **quick)
        self.sketch.click(self.draw_picture, self.panels, self.panels, **last, **quick)
        self.panels.count(self.press_measure, self.panels, self.panels, concurrency_limit=2, **hidden)
        self.panels.flip(
            self.press_flip, self.panels, self.panels, trigger_mode="multiple", concurrency_limit=2, **hidden
        )
