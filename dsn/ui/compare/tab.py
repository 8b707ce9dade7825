"""The tab of the side-by-side comparison: handlers first, then the layout, then the wiring."""

from collections.abc import Iterator

import gradio as gr

from dsn.allowance import Allowance
from dsn.applications.reading import PictureError, drawing, open_picture
from dsn.applications.registry import applications
from dsn.export.sheet import Measured
from dsn.measuring.comparison import compare, measure
from dsn.results.store import teacher_accuracy
from dsn.serials import Serial, SerialError, near_miss
from dsn.statistics import chance
from dsn.student.collection import Collection
from dsn.ui import rendering
from dsn.ui.compare.chosen_picture import Chosen, entered_serial, from_gallery
from dsn.ui.compare.rendering import (
    render_bits,
    render_gallery,
    render_measurement,
    render_panels,
    render_serial_note,
    render_sketch,
)
from dsn.ui.rendering import script
from dsn.ui.serving.asking import visitor
from dsn.ui.serving.page_state import first_wrong
from dsn.ui.texts import Texts

GALLERY_COUNT = 24
ANSWERED = "() => void document.dispatchEvent(new Event('answered'))"  # scripts/feel.js waits for it


class CompareTab:
    """The tab's components and what happens when they are used."""

    def __init__(self, texts: Texts, collection: Collection, looks: Allowance) -> None:
        self.texts, self.collection, self.looks = texts, collection, looks
        self.galleries = {name: held.gallery(GALLERY_COUNT) for name, held in collection.held_out.items()}
        first = collection.applications()[0].name
        self.first = (first, collection.customers(first)[0])
        self.build()
        self.wire()

    def shown(self, task: str, customer: str, chosen: Chosen, serial: Serial | None) -> tuple[str, str, str, str]:
        """The panels, the serial's text, its bits, and the note under it."""
        student = self.collection.student(task, customer)
        valid = self.collection.valid_serial(task, customer)
        if not chosen.is_for(student):  # a click overtook the change of application that brings its own picture
            chosen = from_gallery(self.collection, task, self.galleries[task][0])
        panels = compare(student, chosen.picture, valid, serial, chosen.label)
        others = {
            self.collection.valid_serial(task, other): other
            for other in self.collection.customers(task)
            if other != customer
        }
        return (
            render_panels(self.texts, student, panels, chosen.label, others, marks=True),
            serial.text if serial else "",
            render_bits(self.texts, serial, len(valid.bits)),
            render_serial_note(self.texts, serial, valid),
        )

    def with_typed(self, task: str, customer: str, chosen: Chosen, text: str) -> tuple:
        """`shown` for the text in the field; where it cannot be read, only the note changes."""
        try:
            serial = entered_serial(text, self.collection.student(task, customer).config.bit_count)
        except SerialError as error:
            return gr.skip(), gr.skip(), gr.skip(), rendering.render_note(self.texts.of_error(error), "error")
        panels, _, bits, note = self.shown(task, customer, chosen, serial)
        return panels, gr.skip(), bits, note

    def readable(self, task: str, customer: str, text: str) -> Serial | None:
        """The serial in the field, or a random wrong one where it cannot be read or does not fit."""
        try:
            return entered_serial(text, self.collection.student(task, customer).config.bit_count)
        except SerialError:
            return self.collection.random_wrong_serial(task, customer)

    def show(self, task: str, customer: str, index: int, serial: Serial | None) -> tuple:
        """The whole tab for one customer, one held-out picture and one entered serial; new values of `everything`.

        Args:
            task: an application of the collection.
            customer: one of its customers.
            index: of a held-out picture.
            serial: of the student's length; None for none.
        """
        chosen = from_gallery(self.collection, task, index)
        return (
            *self.shown(task, customer, chosen, serial),
            chosen,
            task,
            gr.Radio(choices=self.collection.customers(task), value=customer),
            self.gallery(task, chosen),
            gr.HTML(visible=applications()[task].can_be_drawn),
            "",
            self.hint(task),
            gr.Button(value=self.about_measuring(task, "button")),
        )

    def about_measuring(self, task: str, sentence: str) -> str:
        """What is said before a measurement, with the number of its pictures."""
        return self.texts["measure"][sentence].format(count=f"{len(self.collection.held_out[task].split):,}")

    def hint(self, task: str) -> str:
        """What stands in a measurement's place until there is one."""
        return rendering.render_note(self.about_measuring(task, "hint"))

    def choose_application(self, task: str, text: str) -> tuple:
        customer = self.collection.customers(task)[0]
        return self.show(task, customer, self.galleries[task][0], self.readable(task, customer, text))

    def choose_customer(self, task: str, customer: str, chosen: Chosen, text: str) -> tuple:
        shown = self.shown(task, customer, chosen, self.readable(task, customer, text))
        return *shown, customer, self.hint(task)

    def choose_picture(self, task: str, customer: str, text: str, event: gr.EventData) -> tuple:
        chosen = from_gallery(self.collection, task, int(event.index))
        return (
            *self.shown(task, customer, chosen, self.readable(task, customer, text)),
            chosen,
            self.gallery(task, chosen),
            "",
        )

    def bring_picture(self, task: str, customer: str, text: str, path: str | None, request: gr.Request) -> tuple:
        if path is None:
            return self.unchanged("")
        if not self.looks.take(*visitor(request)):
            return self.unchanged(rendering.render_note(self.texts["compare"]["enough"], "error"))
        try:
            own = Chosen(applications()[task].fitted(open_picture(path)))
        except PictureError as error:
            return self.unchanged(rendering.render_note(self.texts.of_error(error), "error"))
        return self.own(task, customer, text, own, self.texts["compare"]["uploaded"])

    def draw_picture(self, task: str, customer: str, text: str, event: gr.EventData) -> tuple:
        try:
            own = Chosen(applications()[task].fitted(drawing(event.picture)))
        except PictureError as error:
            return self.unchanged(rendering.render_note(self.texts.of_error(error), "error"))
        return self.own(task, customer, text, own, self.texts["compare"]["drawn"])

    def own(self, task: str, customer: str, text: str, own: Chosen, note: str) -> tuple:
        """A visitor's own picture: nothing in the gallery is chosen any more."""
        shown = self.shown(task, customer, own, self.readable(task, customer, text))
        return *shown, own, self.gallery(task, own), rendering.render_note(note)

    @staticmethod
    def unchanged(note: str) -> tuple:
        return (*[gr.skip()] * 6, note)

    def gallery(self, task: str, chosen: Chosen) -> str:
        return render_gallery(self.texts, task, self.collection.held_out[task], self.galleries[task], chosen.index)

    def press_licensed(self, task: str, customer: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, chosen, self.collection.valid_serial(task, customer))

    def press_random(self, task: str, customer: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, chosen, self.collection.random_wrong_serial(task, customer))

    def press_flip(self, task: str, customer: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, chosen, near_miss(self.collection.valid_serial(task, customer)))

    def press_another(self, task: str, customer: str, chosen: Chosen, text: str) -> tuple:
        current = self.readable(task, customer, text)
        return self.shown(task, customer, chosen, self.collection.serial_of_another(task, customer, current))

    def press_none(self, task: str, customer: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, chosen, None)

    def flip(self, task: str, customer: str, chosen: Chosen, event: gr.EventData) -> tuple:
        return self.shown(task, customer, chosen, Serial.from_bits(int(bit) for bit in event.bits))

    def press_measure(self, task: str, customer: str, text: str) -> Iterator[tuple]:
        student = self.collection.student(task, customer)
        try:
            serial = entered_serial(text, student.config.bit_count)
        except SerialError as error:
            yield rendering.render_note(self.texts.of_error(error), "error"), None
            return
        held = self.collection.held_out[task]
        valid = self.collection.valid_serial(task, customer)
        levels = chance(held.split.labels, len(held.class_names))
        teacher = teacher_accuracy(task)
        said = self.texts["measure"]
        entered = said["entered_none"] if serial is None else said["entered"].format(serial=serial.text)
        names = self.texts.class_names(task, held.class_names)
        for measurement in measure(student, held.split, valid, serial):
            html = render_measurement(self.texts, measurement, levels, teacher, names, entered)
            is_whole = measurement.done == measurement.total
            yield html, Measured(task, customer, serial, measurement) if is_whole else None

    # Layout

    def build(self) -> None:
        said = self.texts["compare"]
        task, customer = self.first
        chosen = from_gallery(self.collection, task, self.galleries[task][0])
        valid = self.collection.valid_serial(task, customer)
        panels, text, bits, note = self.shown(task, customer, chosen, first_wrong(valid))
        self.chosen, self.measured = gr.State(chosen), gr.State(None)
        gr.HTML(rendering.render_tab_heading(self.texts, "compare"), js_on_load=None, elem_classes="unseen-block")
        with gr.Row(elem_classes="workbench compare-bench"):
            with gr.Column(elem_classes="controls", min_width=300, scale=2):
                with gr.Group(elem_classes="card"):
                    self.task = gr.Radio(
                        [(self.texts.title(one), one.name) for one in self.collection.applications()],
                        value=task,
                        label=said["application"],
                        elem_classes="segmented",
                    )
                    self.customer = gr.Radio(
                        self.collection.customers(task),
                        value=customer,
                        label=said["customer"],
                        info=said["customer_info"],
                        elem_classes="segmented",
                    )
                with gr.Group(elem_classes="card"):
                    self.serial = gr.Textbox(
                        value=text, label=said["serial"], info=said["serial_info"], max_lines=1, elem_id="serial"
                    )
                    self.note = gr.HTML(note, js_on_load=None, elem_id="serial-note")
                    with gr.Row(elem_classes="bits-and-buttons"):
                        self.bits = gr.HTML(bits, js_on_load=script("bits.js"), elem_id="bits")
                        with gr.Column(elem_classes="buttons", min_width=100):
                            self.licensed = gr.Button(said["licensed"], size="sm", variant="primary")
                            self.random = gr.Button(said["random"], size="sm")
                            self.near = gr.Button(said["near"], size="sm")
                            self.another = gr.Button(said["another"], size="sm")
                            self.none = gr.Button(said["none"], size="sm")
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.panels = gr.HTML(panels, js_on_load=script("feel.js"), elem_id="panels")
                with gr.Tabs(elem_classes="sources"):
                    with gr.Tab(said["held_out"]):
                        self.pictures = gr.HTML(
                            self.gallery(task, chosen), js_on_load=script("gallery.js"), elem_id="gallery"
                        )
                    with gr.Tab(said["own_picture"]), gr.Row():
                        self.sketch = gr.HTML(
                            render_sketch(said["sketch"], said["clear"]),
                            js_on_load=script("sketch.js"),
                            elem_id="sketch",
                            visible=applications()[task].can_be_drawn,
                            min_width=240,
                        )
                        self.upload = gr.File(label=said["upload"], type="filepath", elem_id="upload", height=180)
                self.picture_note = gr.HTML("", js_on_load=None)
        with gr.Column(elem_classes="card measure"):
            self.measure = gr.Button(self.about_measuring(task, "button"), variant="primary", elem_id="measure")
            self.measurement = gr.HTML(self.hint(task), js_on_load=None, elem_id="measurement")

    # Wiring

    def wire(self) -> None:
        who = [self.task, self.customer]
        shown = [self.panels, self.serial, self.bits, self.note]
        self.everything = [
            *shown, self.chosen, *who, self.pictures, self.sketch, self.picture_note, self.measurement,
            self.measure,
        ]  # fmt: skip
        picture = [*shown, self.chosen, self.pictures, self.picture_note]
        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

        presses = (
            (self.licensed, self.press_licensed),
            (self.random, self.press_random),
            (self.near, self.press_flip),
            (self.none, self.press_none),
        )
        asking = [
            self.task.input(self.choose_application, [self.task, self.serial], self.everything, **quick),
            self.customer.input(
                self.choose_customer,
                [*who, self.chosen, self.serial],
                [*shown, self.customer, self.measurement],
                **quick,
            ),
            self.pictures.click(self.choose_picture, [*who, self.serial], picture, **quick),
            self.upload.change(self.bring_picture, [*who, self.serial, self.upload], picture, **quick),
            self.sketch.click(self.draw_picture, [*who, self.serial], picture, trigger_mode="always_last", **quick),
            # Pasted text makes no input event, so the field's own changes are taken, whoever made them.
            self.serial.change(
                self.with_typed, [*who, self.chosen, self.serial], shown, trigger_mode="always_last", **quick
            ),
            *(button.click(press, [*who, self.chosen], shown, **quick) for button, press in presses),
            self.another.click(self.press_another, [*who, self.chosen, self.serial], shown, **quick),
            self.bits.click(self.flip, [*who, self.chosen], shown, trigger_mode="multiple", **quick),
        ]
        for asked in asking:
            asked.then(None, js=ANSWERED)
        self.measure.click(
            self.press_measure,
            [*who, self.serial],
            [self.measurement, self.measured],
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=2,
        )
