"""The tab where a visitor is the owner: handlers first, then the layout, then the wiring."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import gradio as gr

from dsn.applications.held_out import load_held_out
from dsn.applications.registry import with_training_share
from dsn.measuring.comparison import measure
from dsn.owner.errors import OwnerError
from dsn.owner.mint.progress import Progress, QuickMint
from dsn.owner.visitors import STILL_MADE, MintOrder, Visitors
from dsn.results.store import read_results
from dsn.serials import random_serial
from dsn.statistics import chance
from dsn.student.collection import Collection
from dsn.ui import rendering
from dsn.ui.mint.offer import MintOffer
from dsn.ui.mint.rendering import render_minting, render_order
from dsn.ui.mint.trial import MintTrial
from dsn.ui.serving.asking import visitor
from dsn.ui.serving.in_view import leads_to
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.student.student import Student

TASK = with_training_share()[0]
AT_ONCE = 1  # mintings; others wait in the queue
LONGEST_NAME = 200  # characters that the field takes
SHOW_EVERY = 1.0  # seconds
LOOK_EVERY = 2.0  # seconds between looks at one's place in the queue
Ticket = tuple[str, str, bool]  # tab and number of an order, and whether lower quality is agreed on


def span(values: list[float], digits: int = 1) -> str:
    """The least and the largest of some figures, as one word where they are the same."""
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low}–{high}"


def ticket_of(order: MintOrder) -> Ticket:
    """What sets off the minting of an order, once for each quality."""
    return order.tab, order.number, order.lower is not None


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
        self.offer = MintOffer(texts, visitors)
        self.held = load_held_out(TASK)
        self.trial = MintTrial(texts, collection, visitors, TASK, self.held)
        self.even = chance(self.held.labels, len(self.held.class_names)).uniform
        self.build()
        self.wire()

    # Minting

    def press_mint(self, name: str, request: gr.Request) -> tuple:
        """Sign a serial and queue: the note under the field, the order, live part, ticket, Stop, place, offer."""
        try:
            order = self.visitors.order(*visitor(request), TASK, name)
        except OwnerError as error:
            return rendering.render_note(self.texts.of_error(error), "error"), *[gr.skip()] * 6, *self.offer.kept()
        return (
            "",
            render_order(self.texts, order),
            rendering.render_note(self.said["queued"]),
            ticket_of(order),
            gr.Button(interactive=True),
            *self.place_of(order),
            *self.offer.closed(),
        )

    def place_of(self, order: MintOrder | None) -> tuple[str, gr.Timer]:
        """How many come first, in words, and whether to ask again."""
        before = self.visitors.before(order) if order else 0
        text = self.said["place_one" if before == 1 else "place_more"].format(count=before) if before else ""
        return rendering.render_note(text) if text else "", gr.Timer(active=before > 0)

    def look_again(self, request: gr.Request) -> tuple[str, gr.Timer]:
        return self.place_of(self.visitors.waiting_for(request.session_hash or ""))

    def mint(self, ticket: Ticket | None) -> Generator[tuple, None, None]:
        """Distil what was ordered: live part, Stop, the part to try it in, its panels, note and pictures, the offer."""
        from dsn.owner.mint.quick import quick_mint

        order = self.visitors.waiting_for(ticket[0]) if ticket else None
        if order is None or ticket_of(order) != ticket:
            yield self.ended(self.said["stopped"])
            return
        said, limits = order.claim.verifier, self.visitors.limits
        how, lower = (order.lower.how, True) if order.lower else (self.quick, False)
        limit = limits.seconds_at_most if lower else limits.seconds_per_student
        shown, looks, judged = 0.0, 0, False
        try:
            yield self.told(rendering.render_note(self.said["begun"]))
            for now in quick_mint(TASK, said.customer, order.claim.serial, how):
                if not self.visitors.is_wanted(order):
                    yield self.ended(self.said["stopped"])
                    return
                if now.student is not None:
                    yield self.delivered(order, now, now.student)
                    return
                if now.seconds > limits.seconds_at_most:
                    yield self.ended(self.said["too_slow"].format(seconds=limits.seconds_at_most), "error")
                    return
                is_first = now.forecast is not None and not judged
                judged = judged or is_first  # once: who slows down later, since others want the machine too, goes on
                if is_first and now.forecast and now.forecast > limit:
                    yield self.beyond(order, now, how)
                    return
                if is_first or len(now.looks) > looks or now.seconds > shown + SHOW_EVERY:
                    shown, looks = now.seconds, len(now.looks)
                    live = render_minting(self.texts, now, self.even, limit=limits.seconds_per_student)
                    yield self.told(live)
        finally:
            if self.visitors.is_wanted(order) and not self.visitors.is_offered(order.tab):
                self.visitors.withdraw(order.tab)  # it failed, or the page went away

    def beyond(self, order: MintOrder, now: Progress, how: QuickMint) -> tuple:
        """The forecast is beyond the limit: offer lower quality, or say that there is no use in it here."""
        from dsn.owner.mint.lower_quality import lower_quality_after

        seconds = now.forecast or now.seconds
        lower = lower_quality_after(now, how, self.visitors.limits.seconds_per_student)
        if lower is None or order.lower:
            live, stop, offer = self.offer.too_slow(seconds), gr.Button(interactive=False), self.offer.only_prepared()
        else:
            self.visitors.offer(order, lower)
            live, stop, offer = self.offer.question(seconds, lower), gr.skip(), self.offer.asked()
        return live, stop, *self.trial.kept(), *offer

    def press_go_on(self, request: gr.Request) -> tuple:
        """Take the offer: the live part, the ticket, Stop, the place, the offer."""
        try:
            order = self.visitors.accept(request.session_hash or "")
        except OwnerError as error:
            note = rendering.render_note(self.texts.of_error(error), "error")
            return note, gr.skip(), gr.Button(interactive=False), gr.skip(), gr.skip(), *self.offer.closed()
        note = rendering.render_note(self.said["queued"])
        return note, ticket_of(order), gr.Button(interactive=True), *self.place_of(order), *self.offer.closed()

    def delivered(self, order: MintOrder, now: Progress, student: "Student") -> tuple:
        """Hand a finished student over to its visitor."""
        from dsn.owner.mint.quick import quick_card

        serial = order.claim.serial
        *_, measured = measure(student, self.held.split, serial, random_serial(unlike=serial))
        card = quick_card(student, now.seconds, measured, order.lower.share if order.lower else 1.0)
        try:
            made, problem = self.visitors.keep(order, student, card)
        except OwnerError as error:
            return self.ended(self.texts.of_error(error))
        live = render_minting(self.texts, now, self.even, measured, made)
        if problem:
            live += rendering.render_note(self.texts.of_error(problem), "error")
        return live, gr.Button(interactive=False), *self.trial.opened(made), *self.offer.closed()

    def told(self, live: str) -> tuple:
        return live, gr.skip(), *self.trial.kept(), *self.offer.kept()

    def ended(self, text: str, kind: str = "plain") -> tuple:
        """Nothing came of it."""
        stop = gr.Button(interactive=False)
        return rendering.render_note(text, kind), stop, *self.trial.kept(), *self.offer.closed()

    def settled(self, note: str) -> str:
        """The note under the field, once nothing is being made any more."""
        return "" if note == rendering.render_note(self.texts.of_error(STILL_MADE), "error") else note

    def press_stop(self, request: gr.Request) -> tuple:
        self.visitors.withdraw(request.session_hash or "")
        return rendering.render_note(self.said["stopped"]), gr.Button(interactive=False), *self.offer.closed()

    # Layout

    def preview(self) -> str:
        """What minting will show, what a quick mint is, and what was measured of such ones."""
        rows = read_results("mint")
        note = self.said["hint"].format(pictures=f"{rows[f'{TASK.name}-teacher']['pictures']:,}")
        minted = [row for name, row in rows.items() if name.startswith(f"{TASK.name}-quick-")]
        bars, title = [], ""
        if minted:
            conditions = self.texts["conditions"]
            reached = (
                ("valid", conditions["valid"], [row["valid"]["percent"] for row in minted]),
                ("entered", conditions["wrong"], [row["random_wrong"]["mean"] for row in minted]),
                ("entered", self.said["one_bit"], [row["one_bit_wrong"]["worst"]["percent"] for row in minted]),
                ("absent", conditions["absent"], [row["absent"]["percent"] for row in minted]),
            )
            bars = [(tone, name, max(values), span(values)) for tone, name, values in reached]
            title = self.said["measured"].format(
                count=len(minted),
                pictures=f"{minted[0]['valid']['n']:,}",
                seconds=span([row["seconds"] for row in minted], 0),
            )
        return rendering.render_template(
            "mint_preview.html", t=self.texts, bars=bars, title=title, note=note, even=self.even
        )

    def build(self) -> None:
        limits = self.visitors.limits
        minutes = limits.minutes_kept
        self.ticket = gr.State(None, time_to_live=60 * minutes, delete_callback=forgetting(self.visitors))
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
                self.live = gr.HTML(self.preview(), js_on_load=None, elem_id="mint-live", padding=False)
                self.offer.build()
                self.trial.build()

    # Wiring

    def wire(self) -> None:
        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        pressed = gr.on(
            [self.button.click, self.name.submit],
            self.press_mint,
            self.name,
            [self.note, self.order, self.live, self.ticket, self.stop, self.place, self.clock, *self.offer.parts],
            **quick | {"queue": True},  # only what passes the queue sets off a state's change
        )
        leads_to(pressed.then, ".mint-bench:not(:has(#mint-note .error)) .stage")
        minting = self.ticket.change(
            self.mint,
            self.ticket,
            [self.live, self.stop, *self.trial.parts, *self.offer.parts],
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=AT_ONCE,
        )
        self.clock.tick(self.look_again, None, [self.place, self.clock], **quick)
        self.offer.go_on.click(
            self.press_go_on,
            None,
            [self.live, self.ticket, self.stop, self.place, self.clock, *self.offer.parts],
            **quick | {"queue": True},
        )
        ending = [self.live, self.stop, *self.offer.parts]
        run_out = self.offer.clock.tick(self.offer.run_out, None, ending, **quick)
        stopping = self.stop.click(self.press_stop, None, ending, **quick)
        for over in (minting, run_out, stopping):
            over.then(self.settled, self.note, self.note, **quick)
        self.trial.wire()
