"""The tab that finds out whose a leaked network is: handlers first, then the layout, then the wiring."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from dsn.allowance import Allowance
from dsn.applications.registry import applications
from dsn.owner.errors import OwnerError
from dsn.owner.trace.changes import CHANGES
from dsn.owner.visitors import Visitors
from dsn.owner.weights import weights_hash
from dsn.places import CHECKPOINTS
from dsn.student.collection import Collection
from dsn.ui import rendering
from dsn.ui.compare.page_script import GALLERY_COUNT
from dsn.ui.serving.asking import visitor
from dsn.ui.serving.in_view import leads_to
from dsn.ui.serving.opened import awaited
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.owner.trace.suspect import Suspect
    from dsn.owner.trace.tracing import Issued, Trace

NOBODY, FOREIGN = "", "foreign"  # whose a network is that was never ours
AT_ONCE = 1  # traces; others wait in the queue
HINT_SCALE = 2  # screen pixels a pixel of a mystery's picture
STALE = "() => void document.querySelector('#trace-report .trace')?.classList.add('stale')"  # it is of another choice
FOLD = (
    "() => void document.querySelector('#trace-guess')?.setAttribute('data-folded', '')"  # room for what was asked for
)


class TraceTab:
    """The tab's components and what happens when they are used.

    What was issued are the students on the page, and those that the visitor minted.
    """

    def __init__(self, texts: Texts, collection: Collection, visitors: Visitors, looks: Allowance) -> None:
        self.texts, self.said = texts, texts["trace"]
        self.collection, self.visitors, self.looks = collection, visitors, looks
        self.source = random.Random()  # of mystery copies
        self.names = [
            f"{application.name}/{customer}"
            for application in self.collection.applications()
            for customer in self.collection.customers(application.name)
        ]
        self.build()
        self.wire()

    def deal(self) -> tuple[str, tuple[str, str]]:
        """A mystery copy: what is shown of it, and which it is."""
        from dsn.applications.pictures import to_data_uri
        from dsn.applications.prepared import as_floats
        from dsn.measuring.comparison import compare
        from dsn.owner.trace.suspect import suspected_student

        name, change = self.source.choice(self.names), self.source.choice(list(CHANGES)[1:])
        task, suspect = name.split("/")[0], self.sample(name, change)
        held = self.collection.held_out[task]
        index = self.source.choice(held.clear(GALLERY_COUNT))
        picture, label = as_floats(held.split.images[index : index + 1]), int(held.split.labels[index])
        hints = []
        for customer in self.collection.customers(task):
            serial = self.collection.valid_serial(task, customer)
            asked = suspected_student(suspect, len(serial.bits))
            hints.append((self.texts.customer(customer), compare(asked, picture, serial, None, label)[0]))
        names = self.texts.class_names(task, held.class_names)
        image = to_data_uri(picture[0], HINT_SCALE)
        html = rendering.render_template(
            "mystery.html", t=self.texts, hints=hints, names=names, truth=names[label], image=image
        )
        return html, (name, change)

    def issued(self, task: str) -> "list[Issued]":
        """The page's students of one application as an owner's records."""
        from dsn.owner.trace.tracing import Issued

        found = []
        for customer in self.collection.customers(task):
            student, name = self.collection.student(task, customer), f"{task}/{customer}"
            kept = CHECKPOINTS / name if self.collection.origins[name].kind == "bundled" else None
            serial = self.collection.valid_serial(task, customer)
            found.append(Issued(self.texts.student(name), serial, weights_hash(student.state_dict()), kept))
        return found

    def sample(self, name: str, change: str) -> "Suspect":
        """A student of the page as a thief might have left it."""
        from dsn.owner.trace.suspect import Suspect

        task, customer = name.split("/")
        tensors = CHANGES[change](dict(self.collection.student(task, customer).state_dict()))
        return Suspect(applications()[task], tensors, tensors)

    def press_trace(self, name: str | None, change: str, path: str | None, request: gr.Request) -> Iterator[str]:
        if not name and not path:
            yield rendering.render_note(self.said["nothing"], "error")
            return
        if not self.looks.take(*visitor(request)):
            yield rendering.render_note(self.said["enough"], "error")
            return
        yield rendering.render_note(self.said["busy"])
        from dsn.owner.trace.suspect import read_suspect

        try:
            suspect = self.sample(name, change) if name else read_suspect(Path(str(path)))
        except OwnerError as error:
            said = str(error).replace(str(path), "This file")
            # The path is the server's own and says nothing to a visitor.
            yield rendering.render_note(self.texts.of_error(said), "error")
            return
        found = self.traced(suspect, request)
        if found is None:
            yield rendering.render_note(self.said["nothing"], "error")
            return
        of = self.of_sample(name, change) if name else self.said["of_file"]
        yield self.told(found) + rendering.render_note(of)

    def told(self, found: "Trace") -> str:
        """A trace's verdict and its evidence."""
        from dsn.owner.trace.reports import as_json
        from dsn.ui.trace.rendering import render_trace

        return render_trace(self.texts, as_json(found))

    def of_sample(self, name: str, change: str) -> str:
        """Which sample it is of, and what was done to it."""
        return self.said["of_sample"].format(name=self.texts.student(name), change=self.said["changes"][change])

    def traced(self, suspect: "Suspect", request: gr.Request) -> "Trace | None":
        """Whose a network is; None where there is nothing here to compare it with."""
        from dsn.owner.trace.tracing import trace, trace_as_any

        shown = [one for one in (suspect, *suspect.others) if one.application.name in self.collection.held_out]
        if not shown:
            return None

        def traced(suspect: "Suspect") -> "Trace":
            task = suspect.application.name
            issued = [*self.issued(task), *self.visitors.issued(request.session_hash or "", task)]
            return trace(suspect, issued, self.collection.held_out[task].split)

        _, found = trace_as_any(replace(shown[0], others=tuple(shown[1:])), traced)
        return found

    def press_guess(self, secret: tuple[str, str] | None, event: gr.EventData, request: gr.Request) -> Iterator[str]:
        """Once the owner of a mystery copy was guessed: whether that was right, and the trace."""
        if secret is None:
            return
        if not self.looks.take(*visitor(request)):
            yield rendering.render_note(self.said["enough"], "error")
            return
        yield rendering.render_note(self.said["busy"])
        name, change = secret
        found = self.traced(self.sample(name, change), request)
        task, customer = name.split("/")
        guesses = [*self.collection.customers(task), NOBODY]
        guess = guesses[int(event.index) % len(guesses)]
        is_ours, said = change != FOREIGN, self.said["mystery"]
        verdict = "right" if guess == (customer if is_ours else NOBODY) else "wrong"
        told = said[verdict if is_ours else f"{verdict}_nobody"].format(name=self.texts.student(name))
        if found:
            note = rendering.render_note(told, "guessed")
            yield note + self.told(found) + rendering.render_note(self.of_sample(name, change))

    def first_report(self) -> str:
        """What stands where a trace will stand."""
        return rendering.render_template("trace_example.html", t=self.texts)

    # Layout

    def build(self) -> None:
        names = self.names
        gr.HTML(rendering.render_tab_heading(self.texts, "trace"), js_on_load=None, elem_classes="unseen-block")
        gr.HTML(rendering.render_note(rendering.fill(self.said["lead"])), js_on_load=None, elem_classes="lead-note")
        with gr.Row(elem_classes="workbench trace-bench"):
            with gr.Column(elem_classes="controls", min_width=300, scale=2), gr.Group(elem_classes="card"):
                self.name = gr.Dropdown(
                    [(self.said["none"], ""), *((self.texts.student(name), name) for name in names)],
                    value=names[0],
                    label=self.said["sample"],
                    elem_id="trace-sample",
                )
                self.change = gr.Radio(
                    [(title, name) for name, title in self.said["changes"].items()],
                    value="pruned",
                    label=self.said["change"],
                    elem_id="trace-change",
                    elem_classes="choices",
                )
                self.button = gr.Button(self.said["button"], variant="primary", elem_id="trace-button")
                self.upload = gr.File(label=self.said["upload"], type="filepath", elem_id="trace-upload", height=140)
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.secret = gr.State(None)  # the mystery copy: whose, and what was done to it
                self.mystery = awaited(self.texts, elem_id="trace-mystery", scripts=("mystery.js",))
                self.guessed = gr.HTML("", js_on_load=None, elem_id="trace-guess")
                self.report = gr.HTML(self.first_report(), js_on_load=None, elem_id="trace-report")

    # Wiring

    def wire(self) -> None:
        def deal() -> tuple[str, tuple[str, str], str]:
            return *self.deal(), ""  # what was guessed is of the last copy

        def press_guess(secret, event: gr.EventData, request: gr.Request) -> Iterator[str]:
            yield from self.press_guess(secret, event, request)

        self.mystery.click(
            press_guess,
            self.secret,
            self.guessed,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=AT_ONCE,
        )
        self.mystery.open(
            deal,
            None,
            [self.mystery, self.secret, self.guessed],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
        self.button.click(
            self.press_trace,
            [self.name, self.change, self.upload],
            self.report,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=AT_ONCE,
        )
        self.button.click(None, js=FOLD, queue=False, api_visibility="private")
        leads_to(self.button.click, "#trace-report")
        for choice in (self.name, self.change, self.upload):
            choice.change(None, js=STALE, queue=False, api_visibility="private")
        # An upload is meant to be traced: the sample steps back.
        self.upload.upload(lambda: "", None, self.name, queue=False, show_progress="hidden", api_visibility="private")
