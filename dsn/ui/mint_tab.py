"""The tab where a visitor is the owner: handlers first, then the layout, then the wiring."""

from collections.abc import Callable, Generator

import gradio as gr

from dsn.collection import Collection
from dsn.comparison import compare, measure
from dsn.datasets import as_floats
from dsn.held_out import load_held_out
from dsn.owner.errors import OwnerError
from dsn.owner.quick import Progress, QuickMint, quick_card, quick_mint
from dsn.owner.visitors import Made, Order, Visitors
from dsn.results import read_results
from dsn.serials import Serial, near_miss, random_serial
from dsn.statistics import chance
from dsn.student import Student
from dsn.tasks import TASKS
from dsn.training_share import TASK_NAMES
from dsn.ui import rendering
from dsn.ui.compare_tab import GALLERY_COUNT
from dsn.ui.rendering import script
from dsn.ui.texts import Texts

TASK = TASKS[TASK_NAMES[0]]
AT_ONCE = 1  # mintings; others wait in the queue
LONGEST_NAME = 200  # characters that the field takes
SHOW_EVERY = 1.0  # seconds
LOOK_EVERY = 2.0  # seconds between looks at one's place in the queue
Ticket = tuple[str, str]  # tab and number of an order


def span(values: list[float], digits: int = 1) -> str:
    """The least and the largest of some figures, as one word where they are the same."""
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low}–{high}"


def forgetting(visitors: Visitors) -> Callable[[Ticket | None], None]:
    """What is called when a tab's time is over.

    A function and not a method: Gradio copies a component's values deeply, a method with all its object holds.
    """

    def forget(ticket: Ticket | None) -> None:
        if ticket:
            visitors.leave(ticket[0])

    return forget


class MintTab:
    """The tab's components and what happens when they are used."""

    def __init__(self, texts: Texts, collection: Collection, visitors: Visitors, quick: QuickMint) -> None:
        self.texts, self.said = texts, texts["mint"]
        self.collection, self.visitors, self.quick = collection, visitors, quick
        self.held = load_held_out(TASK)
        self.pictures = self.held.gallery(GALLERY_COUNT)
        self.even = chance(self.held.split.labels, len(self.held.class_names)).uniform
        self.build()
        self.wire()

    # Minting

    def press_mint(self, name: str, request: gr.Request) -> tuple:
        """Sign a serial and queue: the note under the field, the order, the live part, the ticket, Stop, the place."""
        address = request.client.host if request.client else ""
        try:
            order = self.visitors.order(request.session_hash or "", address, TASK, name)
        except OwnerError as error:
            return rendering.render_note(self.texts.of_error(error), "error"), *[gr.skip()] * 6
        return (
            "",
            rendering.render_order(self.texts, order),
            rendering.render_note(self.said["queued"]),
            (order.tab, order.number),
            gr.Button(interactive=True),
            *self.place_of(order),
        )

    def place_of(self, order: Order | None) -> tuple[str, gr.Timer]:
        """How many come first, in words, and whether to ask again."""
        before = self.visitors.before(order) if order else 0
        text = self.said["place_one" if before == 1 else "place_more"].format(count=before) if before else ""
        return rendering.render_note(text) if text else "", gr.Timer(active=before > 0)

    def look_again(self, request: gr.Request) -> tuple[str, gr.Timer]:
        return self.place_of(self.visitors.waiting_for(request.session_hash or ""))

    def mint(self, ticket: Ticket | None) -> Generator[tuple, None, None]:
        """Distil what was ordered: the live part, Stop, the part to try it in, its panels, note and pictures."""
        order = self.visitors.waiting_for(ticket[0]) if ticket else None
        if order is None or ticket is None or order.number != ticket[1]:
            yield self.ended(self.said["stopped"])
            return
        said, limit = order.claim.verifier, self.visitors.limits.seconds_per_student
        shown, looks = 0.0, 0
        try:
            yield self.told(rendering.render_note(self.said["begun"]))
            for now in quick_mint(TASK, said.customer, order.claim.serial, self.quick):
                if not self.visitors.is_wanted(order):
                    yield self.ended(self.said["stopped"])
                    return
                if now.seconds > limit:
                    yield self.ended(self.said["too_slow"].format(seconds=limit), "error")
                    return
                if now.student is not None:
                    yield self.delivered(order, now, now.student)
                elif len(now.looks) > looks or now.seconds > shown + SHOW_EVERY:
                    shown, looks = now.seconds, len(now.looks)
                    yield self.told(rendering.render_minting(self.texts, now, self.even))
        finally:
            if self.visitors.is_wanted(order):  # it failed, or the page went away
                self.visitors.withdraw(order.tab)

    def delivered(self, order: Order, now: Progress, student: Student) -> tuple:
        """Hand a finished student over to its visitor."""
        serial = order.claim.serial
        *_, measured = measure(student, self.held.split, serial, random_serial(unlike=serial))
        try:
            made, problem = self.visitors.keep(order, student, quick_card(student, now.seconds, measured))
        except OwnerError as error:
            return self.ended(self.texts.of_error(error))
        live = rendering.render_minting(self.texts, now, self.even, measured, made)
        if problem:
            live += rendering.render_note(self.texts.of_error(problem), "error")
        index = self.pictures[0]
        shown = self.shown(made, index, near_miss(serial))
        return live, gr.Button(interactive=False), gr.Column(visible=True), *shown, self.gallery(index), index

    @staticmethod
    def told(live: str) -> tuple:
        return live, *[gr.skip()] * 7

    @staticmethod
    def ended(text: str, kind: str = "plain") -> tuple:
        """Nothing came of it."""
        return rendering.render_note(text, kind), gr.Button(interactive=False), *[gr.skip()] * 6

    def press_stop(self, request: gr.Request) -> tuple:
        self.visitors.withdraw(request.session_hash or "")
        return rendering.render_note(self.said["stopped"]), gr.Button(interactive=False)

    # Trying it

    def shown(self, made: Made, index: int, entered: Serial | None) -> tuple[str, str, str | None]:
        """The panels, the note under them, and the entered serial's text."""
        valid = made.order.claim.serial
        picture, label = as_floats(self.held.split.images[index])[None], int(self.held.split.labels[index])
        panels = compare(made.student, picture, valid, entered, label)
        return (
            rendering.render_panels(self.texts, made.student, panels, label, self.others(made)),
            rendering.render_serial_note(self.texts, entered, valid),
            entered.text if entered else None,
        )

    def others(self, made: Made) -> dict[Serial, str]:
        """Serials of 64 bits of other customers: the page's, and the visitor's own others."""
        found = {
            self.collection.valid_serial(TASK.name, customer): customer
            for customer in self.collection.customers(TASK.name)
        }
        found |= {
            other.order.claim.serial: other.order.claim.verifier.customer
            for other in self.visitors.made(made.order.tab)
            if other != made
        }
        return {serial: name for serial, name in found.items() if serial.side == made.order.claim.serial.side}

    def again(self, tab: str | None, index: int, choose: Callable[[Made], Serial | None]) -> tuple:
        """The visitor's latest student with another serial or picture; a sentence where it has gone."""
        made = self.visitors.made(tab or "")
        if not made:
            return "", rendering.render_note(self.said["gone"], "error"), None
        return self.shown(made[-1], index, choose(made[-1]))

    def press_random(self, index: int, request: gr.Request) -> tuple:
        return self.again(request.session_hash, index, lambda made: random_serial(unlike=made.order.claim.serial))

    def press_near(self, index: int, request: gr.Request) -> tuple:
        return self.again(request.session_hash, index, lambda made: near_miss(made.order.claim.serial))

    def press_another(self, index: int, entered: str | None, request: gr.Request) -> tuple:
        def next_other(made: Made) -> Serial:
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

    def gallery(self, index: int) -> str:
        return rendering.render_gallery(self.texts, TASK.name, self.held, self.pictures, index)

    # Layout

    def hint(self) -> str:
        """What a quick mint is, and what was measured of it."""
        rows = read_results("mint")
        teacher = rows[f"{TASK.name}-teacher"]
        html = rendering.render_note(self.said["hint"].format(pictures=f"{teacher['pictures']:,}"))
        minted = [row for name, row in rows.items() if name.startswith(f"{TASK.name}-quick-")]
        if minted:
            text = self.said["measured"].format(
                count=len(minted),
                pictures=f"{minted[0]['valid']['n']:,}",
                valid=span([row["valid"]["percent"] for row in minted]),
                absent=span([row["absent"]["percent"] for row in minted]),
                random=span([row["random_wrong"]["mean"] for row in minted]),
                one_bit=span([row["one_bit_wrong"]["worst"]["percent"] for row in minted]),
                seconds=span([row["seconds"] for row in minted], 0),
            )
            html += rendering.render_note(text)
        return html

    def build(self) -> None:
        limits = self.visitors.limits
        minutes = limits.minutes_kept
        self.ticket = gr.State(None, time_to_live=60 * minutes, delete_callback=forgetting(self.visitors))
        self.entered, self.index = gr.State(None), gr.State(self.pictures[0])
        self.clock = gr.Timer(LOOK_EVERY, active=False)
        gr.HTML(rendering.render_tab_heading(self.texts, "mint"), js_on_load=None, elem_classes="unseen-block")
        gr.HTML(rendering.render_note(self.said["lead"]), js_on_load=None, elem_classes="lead-note")
        with gr.Row(elem_classes="workbench mint-bench"):
            with gr.Column(elem_classes="controls", min_width=300, scale=2):
                with gr.Group(elem_classes="card"):
                    self.name = gr.Textbox(
                        label=self.said["name"],
                        info=self.said["name_info"],
                        placeholder=self.said["name_placeholder"],
                        max_lines=1,
                        max_length=LONGEST_NAME,
                        elem_id="mint-name",
                    )
                    self.note = gr.HTML("", js_on_load=None, elem_id="mint-note")
                    with gr.Row(elem_classes="buttons"):
                        self.button = gr.Button(self.said["button"], variant="primary", elem_id="mint-button")
                        self.stop = gr.Button(self.said["stop"], interactive=False, elem_id="mint-stop")
                self.order = gr.HTML("", js_on_load=None, elem_id="mint-order", padding=False)
                privacy = f"{self.said['privacy'].format(minutes=minutes)} "
                privacy += self.said["kept_here"].format(count=limits.students_per_tab)
                gr.HTML(rendering.render_note(privacy), js_on_load=None, elem_classes="privacy", padding=False)
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.place = gr.HTML("", js_on_load=None, elem_id="mint-place", padding=False)
                self.live = gr.HTML(self.hint(), js_on_load=None, elem_id="mint-live", padding=False)
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
                    self.serial_note = gr.HTML("", js_on_load=None, padding=False)
                    self.panels = gr.HTML("", js_on_load=None, elem_id="mint-panels", padding=False)
                    self.gallery_view = gr.HTML(
                        "", js_on_load=script("gallery.js"), elem_id="mint-gallery", padding=False
                    )

    # Wiring

    def wire(self) -> None:
        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        shown = [self.panels, self.serial_note, self.entered]
        gr.on(
            [self.button.click, self.name.submit],
            self.press_mint,
            self.name,
            [self.note, self.order, self.live, self.ticket, self.stop, self.place, self.clock],
            **quick | {"queue": True},  # only what passes the queue sets off a state's change
        )
        self.ticket.change(
            self.mint,
            self.ticket,
            [self.live, self.stop, self.trying, *shown, self.gallery_view, self.index],
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=AT_ONCE,
        )
        self.clock.tick(self.look_again, None, [self.place, self.clock], **quick)
        self.stop.click(self.press_stop, None, [self.live, self.stop], **quick)
        for button, press in (
            (self.random, self.press_random),
            (self.near, self.press_near),
            (self.none, self.press_none),
        ):
            button.click(press, self.index, shown, **quick)
        self.another.click(self.press_another, [self.index, self.entered], shown, **quick)
        self.gallery_view.click(self.choose_picture, self.entered, [*shown, self.gallery_view, self.index], **quick)
