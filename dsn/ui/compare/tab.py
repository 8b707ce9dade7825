"""The tab of the side-by-side comparison: handlers first, then the layout, then the wiring."""

from collections.abc import Iterator

import gradio as gr
from markupsafe import Markup
from PIL import Image

from dsn.allowance import Allowance
from dsn.applications.cropping import Box
from dsn.applications.reading import PictureError, drawing
from dsn.applications.registry import applications
from dsn.export.sheet import Measured
from dsn.measuring.avalanche import avalanche
from dsn.measuring.comparison import compare, measure
from dsn.results.store import teacher_accuracy
from dsn.serials import Serial, SerialError, near_miss
from dsn.statistics import chance
from dsn.student.collection import LOCKS, Collection
from dsn.ui import rendering
from dsn.ui.compare.avalanche import render_avalanche
from dsn.ui.compare.chosen_picture import Chosen, entered_serial, from_gallery
from dsn.ui.compare.crop_box import Brought, bring
from dsn.ui.compare.honest import honest_line
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
from dsn.ui.serving.page_state import NO_SERIAL, first_wrong
from dsn.ui.texts import Texts

GALLERY_COUNT = 24
SHOWN_TOGETHER = 8  # answers to flipped bits that are sent at a time
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

    def shown(
        self, task: str, customer: str, lock: str, chosen: Chosen, serial: Serial | None
    ) -> tuple[str, str, str, str]:
        """The panels, the serial's text, its bits, and the note under it."""
        student = self.collection.student(task, customer, lock)
        valid = self.collection.valid_serial(task, customer)
        if not chosen.is_for(student):  # a click overtook the change of application that brings its own picture
            chosen = from_gallery(self.collection, task, self.collection.held_out[task].first)
        panels = compare(student, chosen.picture, valid, serial, chosen.label)
        others = {
            self.collection.valid_serial(task, other): other
            for other in self.collection.customers(task)
            if other != customer
        }
        shown = render_panels(self.texts, student, panels, chosen.label, others, customer=customer, marks=True)
        line = rendering.render_template("honest.html", honest=honest_line(self.texts, student))
        return (
            shown + line,
            serial.text if serial else "",
            render_bits(self.texts, serial, len(valid.bits)),
            render_serial_note(self.texts, serial, valid),
        )

    def with_typed(self, task: str, customer: str, lock: str, chosen: Chosen, text: str) -> tuple:
        """`shown` for the text in the field; where it cannot be read, only the note changes."""
        try:
            serial = entered_serial(text, self.collection.student(task, customer, lock).config.bit_count)
        except SerialError as error:
            return gr.skip(), gr.skip(), gr.skip(), rendering.render_note(self.texts.of_error(error), "error")
        panels, _, bits, note = self.shown(task, customer, lock, chosen, serial)
        return panels, gr.skip(), bits, note

    def readable(self, task: str, customer: str, lock: str, text: str) -> Serial | None:
        """The serial in the field, or a random wrong one where it cannot be read or does not fit."""
        try:
            return entered_serial(text, self.collection.student(task, customer, lock).config.bit_count)
        except SerialError:
            return self.collection.random_wrong_serial(task, customer)

    def show(self, task: str, customer: str, index: int, serial: Serial | None, lock: str = LOCKS[0]) -> tuple:
        """The whole tab for one customer, one held-out picture and one entered serial; new values of `everything`.

        Args:
            task: an application of the collection.
            customer: one of its customers.
            index: of a held-out picture.
            serial: of the student's length; None for none.
            lock: of the customer's student, where it stands under several.
        """
        chosen = from_gallery(self.collection, task, index)
        return (
            *self.shown(task, customer, lock, chosen, serial),
            chosen,
            task,
            gr.Radio(choices=self.collection.customers(task), value=customer),
            self.lock_choice(task, customer, lock),
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

    def lock_choice(self, task: str, customer: str, lock: str) -> gr.Radio:
        """The locks that a customer's student stands under; unseen where there is one only."""
        locks = self.collection.locks(task, customer)
        return gr.Radio(value=lock if lock in locks else locks[0], visible=len(locks) > 1)

    def choose_application(self, task: str, lock: str, text: str) -> tuple:
        customer = self.collection.customers(task)[0]
        serial = self.readable(task, customer, lock, text)
        return self.show(task, customer, self.collection.held_out[task].first, serial, lock)

    def choose_customer(self, task: str, customer: str, lock: str, chosen: Chosen, text: str) -> tuple:
        shown = self.shown(task, customer, lock, chosen, self.readable(task, customer, lock, text))
        choice = self.lock_choice(task, customer, lock)
        return *shown, customer, choice, self.hint(task)

    def choose_picture(self, task: str, customer: str, lock: str, text: str, event: gr.EventData) -> tuple:
        chosen = from_gallery(self.collection, task, int(event.index))
        return (
            *self.shown(task, customer, lock, chosen, self.readable(task, customer, lock, text)),
            chosen,
            self.gallery(task, chosen),
            "",
        )

    def bring_picture(
        self, task: str, customer: str, lock: str, text: str, path: str | None, request: gr.Request
    ) -> tuple:
        if path is None:
            return *self.unchanged(""), "", None
        if not self.looks.take(*visitor(request)):
            note = rendering.render_note(self.texts["compare"]["enough"], "error")
            return *self.unchanged(note), gr.skip(), gr.skip()
        try:
            part, crop, brought = bring(self.texts, applications()[task], path)
        except PictureError as error:
            return *self.unchanged(rendering.render_note(self.texts.of_error(error), "error")), "", None
        return *self.fitted(task, customer, lock, text, part, self.texts["compare"]["uploaded"]), crop, brought

    def crop_picture(
        self, task: str, customer: str, lock: str, text: str, brought: Brought | None, event: gr.EventData
    ) -> tuple:
        """The part of a brought picture that a visitor drew a box around."""
        box = Box.read(event.box)
        if brought is None or box is None:
            return self.unchanged("")
        return self.fitted(task, customer, lock, text, box.cut(brought.picture), self.texts["compare"]["cropped"])

    def fitted(self, task: str, customer: str, lock: str, text: str, picture: Image.Image, note: str) -> tuple:
        """A visitor's picture as the network is given it; a note where nothing is to be seen on it."""
        try:
            own = Chosen(applications()[task].fitted(picture))
        except PictureError as error:
            return self.unchanged(rendering.render_note(self.texts.of_error(error), "error"))
        return self.own(task, customer, lock, text, own, note)

    def draw_picture(self, task: str, customer: str, lock: str, text: str, event: gr.EventData) -> tuple:
        try:
            own = Chosen(applications()[task].fitted(drawing(event.picture)))
        except PictureError as error:
            return self.unchanged(rendering.render_note(self.texts.of_error(error), "error"))
        return self.own(task, customer, lock, text, own, self.texts["compare"]["drawn"])

    def own(self, task: str, customer: str, lock: str, text: str, own: Chosen, note: str) -> tuple:
        """A visitor's own picture: nothing in the gallery is chosen any more."""
        shown = self.shown(task, customer, lock, own, self.readable(task, customer, lock, text))
        return *shown, own, self.gallery(task, own), rendering.render_note(note)

    @staticmethod
    def unchanged(note: str) -> tuple:
        return (*[gr.skip()] * 6, note)

    def gallery(self, task: str, chosen: Chosen) -> str:
        return render_gallery(self.texts, task, self.collection.held_out[task], self.galleries[task], chosen.index)

    def press_licensed(self, task: str, customer: str, lock: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, lock, chosen, self.collection.valid_serial(task, customer))

    def press_random(self, task: str, customer: str, lock: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, lock, chosen, self.collection.random_wrong_serial(task, customer))

    def press_flip(self, task: str, customer: str, lock: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, lock, chosen, near_miss(self.collection.valid_serial(task, customer)))

    def press_another(self, task: str, customer: str, lock: str, chosen: Chosen, text: str) -> tuple:
        current = self.readable(task, customer, lock, text)
        return self.shown(task, customer, lock, chosen, self.collection.serial_of_another(task, customer, current))

    def press_none(self, task: str, customer: str, lock: str, chosen: Chosen) -> tuple:
        return self.shown(task, customer, lock, chosen, None)

    def flip(self, task: str, customer: str, lock: str, chosen: Chosen, event: gr.EventData) -> tuple:
        return self.shown(task, customer, lock, chosen, Serial.from_bits(int(bit) for bit in event.bits))

    def press_measure(self, task: str, customer: str, lock: str, text: str) -> Iterator[tuple]:
        student = self.collection.student(task, customer, lock)
        try:
            serial = entered_serial(text, student.config.bit_count)
        except SerialError as error:
            yield rendering.render_note(self.texts.of_error(error), "error"), None
            return
        held, of = self.collection.held_out[task], self.collection.under(task, customer, lock)
        valid = self.collection.valid_serial(task, customer)
        levels = chance(held.split.labels, len(held.class_names))
        teacher = teacher_accuracy(task)
        said = self.texts["measure"]
        entered = said["entered_none"] if serial is None else said["entered"].format(serial=serial.text)
        names = self.texts.class_names(task, held.class_names)
        asked = {"task": task, "customer": customer, "lock": student.config.lock}
        asked["serial"] = serial.text if serial else NO_SERIAL
        for measurement in measure(student, held.split, valid, serial):
            html = render_measurement(self.texts, measurement, levels, teacher, names, entered)
            is_whole = measurement.done == measurement.total
            yield self.asked_of(asked, html), Measured(task, of, serial, measurement) if is_whole else None

    def press_avalanche(self, task: str, customer: str, lock: str, chosen: Chosen) -> Iterator[str]:
        """What flipping each bit answers, some at a time."""
        student = self.collection.student(task, customer, lock)
        if not chosen.is_for(student):
            chosen = from_gallery(self.collection, task, self.collection.held_out[task].first)
        held, flips = self.collection.held_out[task], []
        of = {"task": task, "customer": customer, "lock": student.config.lock, "picture": "shown"}
        for flip in avalanche(student, chosen.picture, self.collection.valid_serial(task, customer)):
            flips.append(flip)
            if len(flips) % SHOWN_TOGETHER == 0 or len(flips) == student.config.bit_count:
                yield self.asked_of(of, render_avalanche(self.texts, student, held, flips, chosen.label))

    def asked_of(self, of: dict[str, str], html: str) -> str:
        """What was asked of a choice; scripts/feel.js dims it once the panels show another.

        Args:
            of: the choice, by the names of the panels' data; "picture" for the one that is shown.
            html: the answers.
        """
        return rendering.render_template("asked_of.html", t=self.texts, of=of, inner=Markup(html))

    # Layout

    def build(self) -> None:
        said = self.texts["compare"]
        task, customer = self.first
        chosen = from_gallery(self.collection, task, self.collection.held_out[task].first)
        valid = self.collection.valid_serial(task, customer)
        locks = self.collection.locks(task, customer)
        panels, text, bits, note = self.shown(task, customer, locks[0], chosen, first_wrong(valid))
        self.chosen, self.measured, self.brought = gr.State(chosen), gr.State(None), gr.State(None)
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
                    )
                    self.customer = gr.Radio(
                        self.collection.customers(task),
                        value=customer,
                        label=said["customer"],
                        info=said["customer_info"],
                        elem_id="customer",
                        elem_classes="segmented",
                    )
                    self.lock = gr.Radio(
                        [(said["locks"][lock], lock) for lock in LOCKS],
                        value=locks[0],
                        label=said["lock"],
                        visible=len(locks) > 1,
                        elem_id="lock",
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
                    with gr.Tab(said["own_picture"]), gr.Row(elem_classes="own-picture"):
                        self.sketch = gr.HTML(
                            render_sketch(said["sketch"], said["clear"]),
                            js_on_load=script("sketch.js"),
                            elem_id="sketch",
                            visible=applications()[task].can_be_drawn,
                            min_width=240,
                        )
                        with gr.Column(min_width=240):
                            self.upload = gr.File(label=said["upload"], type="filepath", elem_id="upload", height=180)
                            self.crop = gr.HTML("", js_on_load=script("crop.js"), elem_id="crop", padding=False)
                self.picture_note = gr.HTML("", js_on_load=None, elem_id="picture-note")
        with gr.Column(elem_classes="card measure"):
            self.flip_all = gr.Button(self.texts["avalanche"]["button"], elem_id="flip-all")
            self.flips = gr.HTML(
                rendering.render_note(self.texts["avalanche"]["hint"]), js_on_load=None, elem_id="flips"
            )
        with gr.Column(elem_classes="card measure"):
            self.measure = gr.Button(self.about_measuring(task, "button"), variant="primary", elem_id="measure")
            self.measurement = gr.HTML(self.hint(task), js_on_load=None, elem_id="measurement")

    # Wiring

    def wire(self) -> None:
        who = [self.task, self.customer, self.lock]
        shown = [self.panels, self.serial, self.bits, self.note]
        self.everything = [
            *shown, self.chosen, *who, self.pictures, self.sketch, self.picture_note, self.measurement,
            self.measure,
        ]  # fmt: skip
        picture = [*shown, self.chosen, self.pictures, self.picture_note]
        last: dict = {"trigger_mode": "always_last"}
        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

        presses = (
            (self.licensed, self.press_licensed),
            (self.random, self.press_random),
            (self.near, self.press_flip),
            (self.none, self.press_none),
        )
        asking = [
            self.task.input(self.choose_application, [self.task, self.lock, self.serial], self.everything, **quick),
            *(
                choice.input(
                    self.choose_customer,
                    [*who, self.chosen, self.serial],
                    [*shown, self.customer, self.lock, self.measurement],
                    **quick,
                )
                for choice in (self.customer, self.lock)
            ),
            self.pictures.click(self.choose_picture, [*who, self.serial], picture, **quick),
            self.upload.change(
                self.bring_picture, [*who, self.serial, self.upload], [*picture, self.crop, self.brought], **quick
            ),
            self.crop.click(self.crop_picture, [*who, self.serial, self.brought], picture, **last, **quick),
            self.sketch.click(self.draw_picture, [*who, self.serial], picture, **last, **quick),
            # Pasted text makes no input event, so the field's own changes are taken, whoever made them.
            self.serial.change(self.with_typed, [*who, self.chosen, self.serial], shown, **last, **quick),
            *(button.click(press, [*who, self.chosen], shown, **quick) for button, press in presses),
            self.another.click(self.press_another, [*who, self.chosen, self.serial], shown, **quick),
            self.bits.click(self.flip, [*who, self.chosen], shown, trigger_mode="multiple", **quick),
        ]
        for asked in asking:
            asked.then(None, js=ANSWERED)
        self.flip_all.click(
            self.press_avalanche,
            [*who, self.chosen],
            self.flips,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=2,
        )
        self.measure.click(
            self.press_measure,
            [*who, self.serial],
            [self.measurement, self.measured],
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=2,
        )
