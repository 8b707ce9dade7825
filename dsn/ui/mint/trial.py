"""The part of the Mint tab in which a visitor tries the finished network: handlers, layout, wiring."""

from collections.abc import Callable

import gradio as gr

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.applications.record import Application
from dsn.measuring.comparison import compare
from dsn.owner.visitors import Visitors, VisitorStudent
from dsn.serials import Serial, near_miss, random_serial
from dsn.student.collection import Collection
from dsn.ui import rendering
from dsn.ui.compare.records import GALLERY_COUNT, gallery_record, note_record, panels_record
from dsn.ui.rendering import script
from dsn.ui.texts import Texts

# A visitor's student stays with the server, which answers here; the records are drawn by what draws Compare's.
DRAW_PANELS = """
const { serialNote, panelsHtml } = window.dsnDrawing;
const draw = ({ note, panels, ...record }) => {
  element.innerHTML = note ?? (panels ? serialNote(record) + panelsHtml({ ...record, panels }) : "");
};
draw(props.value ?? {});
watch("value", () => draw(props.value ?? {}));
"""


class MintTrial:
    """Three panels about one picture, buttons for the middle one's serial, and pictures to choose from.

    Args:
        texts: of the page.
        collection: whose serials are other customers'.
        visitors: whose networks are tried.
        application: the application.
        held: its pictures.
    """

    def __init__(
        self, texts: Texts, collection: Collection, visitors: Visitors, application: Application, held: HeldOut
    ) -> None:
        self.texts, self.said = texts, texts["mint"]
        self.collection, self.visitors, self.application, self.held = collection, visitors, application, held
        self.pictures = held.gallery(GALLERY_COUNT)

    def opened(self, made: VisitorStudent) -> tuple:
        """A new network, asked with a serial that is almost its own: the values of the parts."""
        index = self.pictures[0]
        shown = self.shown(made, index, near_miss(made.order.claim.serial))
        return gr.Column(visible=True), *shown, self.gallery(index), index

    def kept(self) -> list:
        """The same values, where nothing came of it: as they are."""
        return [gr.skip() for _ in self.parts]

    @property
    def parts(self) -> list:
        """The components that a new network changes."""
        return [self.trying, *self.panel_parts, self.gallery_view, self.index]

    @property
    def panel_parts(self) -> list:
        """The components that another serial changes."""
        return [self.panels, self.entered]

    def shown(self, made: VisitorStudent, index: int, entered: Serial | None) -> tuple[dict, str | None]:
        """The record of the panels with what is said of the entered serial, and the serial's text."""
        valid = made.order.claim.serial
        picture, label = as_floats(self.held.split.images[index])[None], int(self.held.labels[index])
        panels = compare(made.student, picture, valid, entered, label)
        record = panels_record(self.texts, made.student, panels, label, self.others(made))
        return {**record, **note_record(entered, valid)}, entered.text if entered else None

    def others(self, made: VisitorStudent) -> dict[Serial, str]:
        """Serials of 64 bits of other customers: the page's, and the visitor's own others."""
        found = {
            self.collection.valid_serial(self.application.name, customer): customer
            for customer in self.collection.customers(self.application.name)
        }
        found |= {
            other.order.claim.serial: other.order.claim.verifier.customer
            for other in self.visitors.made(made.order.tab)
            if other != made
        }
        return {serial: name for serial, name in found.items() if serial.side == made.order.claim.serial.side}

    def again(self, tab: str | None, index: int, choose: Callable[[VisitorStudent], Serial | None]) -> tuple:
        """The visitor's latest student with another serial or picture; a sentence where it has gone."""
        made = self.visitors.made(tab or "")
        if not made:
            return {"note": rendering.render_note(self.said["gone"], "error")}, None
        return self.shown(made[-1], index, choose(made[-1]))

    def press_random(self, index: int, request: gr.Request) -> tuple:
        return self.again(request.session_hash, index, lambda made: random_serial(unlike=made.order.claim.serial))

    def press_near(self, index: int, request: gr.Request) -> tuple:
        return self.again(request.session_hash, index, lambda made: near_miss(made.order.claim.serial))

    def press_another(self, index: int, entered: str | None, request: gr.Request) -> tuple:
        def next_other(made: VisitorStudent) -> Serial:
            others = list(self.others(made)) or [random_serial(unlike=made.order.claim.serial)]
            texts = [other.text for other in others]
            return others[(texts.index(entered) + 1 if entered in texts else 0) % len(others)]

        return self.again(request.session_hash, index, next_other)

    def press_none(self, index: int, request: gr.Request) -> tuple:
        return self.again(request.session_hash, index, lambda made: None)

    def choose_picture(self, entered: str | None, request: gr.Request, event: gr.EventData) -> tuple:
        index = int(event.index)
        shown = self.again(request.session_hash, index, lambda made: Serial.parse(entered) if entered else None)
        return *shown, self.gallery(index), index

    def gallery(self, index: int) -> dict:
        return gallery_record(self.texts, self.application.name, self.held, self.pictures, index)

    def build(self) -> None:
        """Lay it out, unseen."""
        self.entered, self.index = gr.State(None), gr.State(self.pictures[0])
        with gr.Column(visible=False, elem_id="mint-try") as self.trying:
            gr.HTML(
                rendering.render_heading(self.said["try_title"], self.said["try_lead"]),
                js_on_load=None,
                padding=False,
            )
            with gr.Row(elem_classes="buttons"):
                self.random = gr.Button(self.texts["compare"]["random"], size="sm")
                self.near = gr.Button(self.texts["compare"]["near"], size="sm")
                self.another = gr.Button(self.texts["compare"]["another"], size="sm")
                self.none = gr.Button(self.texts["compare"]["none"], size="sm")
            self.panels = gr.HTML({}, html_template="", js_on_load=DRAW_PANELS, elem_id="mint-panels", padding=False)
            self.gallery_view = gr.HTML(
                {}, html_template="", js_on_load=script("gallery.js"), elem_id="mint-gallery", padding=False
            )

    def wire(self) -> None:
        """What the buttons and pictures do."""
        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        shown = self.panel_parts
        for button, press in (
            (self.random, self.press_random),
            (self.near, self.press_near),
            (self.none, self.press_none),
        ):
            button.click(press, self.index, shown, **quick)
        self.another.click(self.press_another, [self.index, self.entered], shown, **quick)
        self.gallery_view.click(self.choose_picture, self.entered, [*shown, self.gallery_view, self.index], **quick)
