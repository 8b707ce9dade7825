"""The tab where a visitor plays the thief: handlers first, then the layout, then the wiring."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property

import gradio as gr
from markupsafe import Markup

from dsn.attacks.kit.record import Attack
from dsn.attacks.kit.scene import Outcome
from dsn.results.store import read_results
from dsn.statistics import chance
from dsn.student.collection import SEALED_COPY, Collection
from dsn.ui import rendering
from dsn.ui.attack.break_in import BreakIn
from dsn.ui.attack.live import Live
from dsn.ui.attack.rendering import render_attack, render_copy, render_pruned, shown_copy
from dsn.ui.attack.views import View, Watching
from dsn.ui.attack.words import AttackWords, in_order
from dsn.ui.compare.tab import CompareTab
from dsn.ui.serving.background import Background
from dsn.ui.serving.in_view import leads_to
from dsn.ui.serving.opened import awaited, fill
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.texts import Texts

PRUNING = "pruning"
MOST_PRUNED = 95  # percent
RECORDED_SHARE = 10  # percent of the training data, of the recorded curves that are shown
LONG, SHORT = 64, 9  # bits of the serials that attacks are on


# What the server knows of a tab's choices may be a moment behind what is seen there: Gradio would refuse a network that
# it has not heard of yet, where `nearest` takes it.
UNREFUSED = {"preprocess": False}


def attack_named(name: str) -> Attack:
    """As in the registry of attacks, with which torch is imported: when the tab is first opened."""
    from dsn.attacks import registry

    return registry.attack_named(name)


class AttackTab:
    """The tab's components and what happens when they are used."""

    def __init__(self, texts: Texts, collection: Collection, background: Background, waiting_line: WaitingLine) -> None:
        self.texts, self.collection = texts, collection
        self.waiting_line, self.live = waiting_line, Live(texts, background, waiting_line)
        self.said = texts["attack"]
        if not self.at_first:
            gr.HTML(rendering.render_note(self.said["no_victims"]), js_on_load=None)
            return
        self.first = next(iter(self.at_first))
        self.build()
        self.wire()

    @cached_property
    def titles(self) -> dict[str, str]:
        """The attacks that can be watched on a student there is, by their names."""
        from dsn.attacks.registry import ATTACKS
        from dsn.attacks.watched import victims

        watched = [attack for attack in in_order(self.texts, ATTACKS.values()) if victims(self.collection, attack)]
        return {attack.name: AttackWords(self.texts, attack).title for attack in watched}

    @cached_property
    def at_first(self) -> dict[str, str]:
        """The same before the tab is opened: where there are students for all of them, those that the texts tell of."""
        shares = [one.name for one in self.collection.applications() if one.has_training_share]
        if shares and self.networks(LONG, shares[0]) and self.networks(SHORT):
            return dict(self.said["shown"])
        return self.titles

    def networks(self, bits: int, task: str = "") -> list[str]:
        """The students with serials so long, as "task/customer", of one application or of all."""
        return [
            name
            for one in self.collection.applications()
            for customer in self.collection.customers(one.name)
            for lock in self.collection.locks(one.name, customer)
            for name in [f"{one.name}/{self.collection.under(one.name, customer, lock)}"]
            if one.name == (task or one.name) and len(self.collection.serials[name].bits) == bits
        ]

    def even(self, name: str) -> float:
        """What guessing evenly reaches on a student's task, in percent."""
        held = self.collection.held_out[name.split("/")[0]]
        return chance(held.labels, len(held.class_names)).uniform

    def victims(self, attack: str) -> list[str]:
        """The students that an attack can be watched on, as "task/customer"."""
        from dsn.attacks.watched import victims

        return victims(self.collection, attack_named(attack))

    def sentence(self, attack: str) -> str:
        return AttackWords(self.texts, attack_named(attack)).about

    def choices(self, attack: str) -> list[tuple[str, str]]:
        """The networks that there are to steal: what each is called, and "task/customer"."""
        from dsn.attacks.watched import victims

        return self.called(victims(self.collection, attack_named(attack), pointless=True))

    def called(self, names: list[str]) -> list[tuple[str, str]]:
        """What each network is called, and "task/customer"."""
        return [(self.shown_name(name), name) for name in names]

    def shown_name(self, name: str) -> str:
        """What a network is called on the page."""
        if not self.is_copy(name):
            return self.texts.student(name)
        return str(self.said["sealed_name"]).format(name=self.texts.student(name.removesuffix(SEALED_COPY)))

    def is_copy(self, name: str) -> bool:
        task, customer = name.split("/")
        return customer not in self.collection.customers(task)

    def nearest(self, attack: str, wanted: str) -> str:
        """The network that an attack is made on: the wanted one, or one of its application and lock, or any."""
        names = [name for _, name in self.choices(attack)]
        same_lock = [name for name in names if self.is_copy(name) == wanted.endswith(SEALED_COPY)]
        alike = [name for name in same_lock if name.split("/")[0] == wanted.split("/")[0]]
        return wanted if wanted in names else [*alike, *same_lock, *names][0]

    def choose_attack(self, attack: str, request: gr.Request, wanted: str = "") -> tuple:
        """The students it can be watched on, what it is, the stage, the recorded run, the buttons, the slider."""
        name, is_slider = self.nearest(attack, wanted), attack == PRUNING
        stage = self.cancelled(request) + self.before(attack, name, 0)
        return (
            gr.Dropdown(choices=self.choices(attack), value=name),
            rendering.render_note(self.sentence(attack)),
            self.instead(stage, request),
            self.recorded_run(attack, name),
            gr.Button(visible=not is_slider),
            gr.Button(visible=not is_slider, interactive=False),
            gr.Slider(visible=is_slider, value=0),
        )

    def choose_student(self, attack: str, name: str, amount: float, request: gr.Request) -> tuple:
        """The stage, the recorded run and Stop."""
        name = self.nearest(attack, name)
        stage = self.cancelled(request) + self.before(attack, name, amount)
        return self.instead(stage, request), self.recorded_run(attack, name), gr.Button(interactive=False)

    def cancelled(self, request: gr.Request) -> str:
        """That another choice ends the attack that is under way, where one is."""
        turn = self.waiting_line.latest(request.session_hash or "")
        return rendering.render_note(self.said["cancelled"]) if turn and turn.wanted else ""

    def before(self, attack: str, name: str, amount: float) -> str:
        """What the stage shows of an attack that was chosen."""
        lock = self.collection.config(name).lock
        if lock in attack_named(attack).needs.pointless:
            why = self.texts.of_line(attack_named(attack).needs.pointless[lock])
            return self.waiting(name, rendering.fill(self.said["pointless"], why=why))
        return self.slide(name, amount) if attack == PRUNING else self.waiting(name, self.said["hint"])

    def move_slider(self, name: str, amount: float, request: gr.Request) -> str:
        return self.instead(self.slide(self.nearest(PRUNING, name), amount), request)

    def press_stop(self, attack: str, name: str, request: gr.Request) -> tuple:
        """The stage and Stop; what the attack had come to stays."""
        turn = self.waiting_line.latest(request.session_hash or "")
        came_to = turn.shown.replace('aria-busy="true"', 'aria-busy="false"') if turn else ""
        if came_to:
            stage = rendering.render_note(self.said["stopped_here"]) + came_to
        else:
            stage = self.noted(self.nearest(attack, name))(self.said["stopped"])
        return self.instead(stage, request), gr.Button(interactive=False)

    def instead(self, stage: str, request: gr.Request) -> str:
        """The stage shows this from now on: an attack of this tab is wanted no more."""
        self.waiting_line.give_up(request.session_hash or "", stage)
        return stage

    def waiting(self, name: str, note: str = "") -> str:
        """Before an attack: what the network answers as it was stolen, and a note on it."""
        from dsn.attacks.watched import copy_of

        stolen = shown_copy(self.texts, self.collection, name, copy_of(self.collection, name))
        return render_copy(self.texts, stolen, note)

    def noted(self, name: str) -> Callable[[str], str]:
        """Any note, above what the network answers as it was stolen."""
        stolen = self.waiting(name)
        return lambda note: rendering.render_note(note) + stolen

    def recorded_run(self, attack: str, name: str) -> str:
        """The recorded run, to be opened, where there is one."""
        if attack == PRUNING or name not in self.victims(attack):
            return ""
        recorded = read_results("attacks").get(f"{name}/{attack}/{RECORDED_SHARE}")
        command = f"python -m dsn attack {attack} --student {name}"
        if recorded is None or not recorded["curves"]:
            return rendering.render_note(rendering.fill(self.said["not_recorded"], command=command))
        figures = {key: one["mean"] for key, one in recorded["figures"].items()}
        view = Watching(attack_named(attack)).outcome(Outcome(figures, recorded["curves"]), None)
        run = render_attack(self.texts, view, self.even(name), command=command, recorded=True)
        return rendering.render_template("recorded_run.html", t=self.texts, inner=Markup(run))

    def slide(self, name: str, percent: float) -> str:
        from dsn.attacks.watched import pruned_live

        pruned = pruned_live(self.collection, name, percent / 100)
        copy = shown_copy(self.texts, self.collection, name, pruned.copy)
        return render_pruned(self.texts, pruned, self.even(name), copy)

    async def press_run(self, attack: str, name: str, request: gr.Request) -> AsyncGenerator[tuple, None]:
        """The stage and Stop, while an attack waits for its turn and runs."""
        # Whoever else asks need not wait while torch is imported.
        name = await asyncio.to_thread(self.nearest, attack, name)
        if name not in self.victims(attack):
            yield self.before(attack, name, 0), gr.skip()
            return
        chosen, tab = attack_named(attack), request.session_hash or ""
        running = self.live.stages(
            tab,
            f"{attack} {name}",
            lambda: self.views(chosen, name),
            lambda view: self.drawn(view, name),
            lambda: self.noted(name),
        )
        async with aclosing(running) as stages:
            async for stage, under_way in stages:
                stop = gr.skip() if under_way is None else gr.Button(interactive=under_way)
                yield gr.skip() if stage is None else stage, stop

    def drawn(self, view: View, name: str) -> str:
        """An attack on a network, at one moment."""
        copy = shown_copy(self.texts, self.collection, name, view.copy) if view.copy else None
        return render_attack(self.texts, view, self.even(name), copy)

    def views(self, attack: Attack, name: str) -> Generator[View, None, None]:
        """What each step of an attack looks like, and its end."""
        from dsn.attacks.watched import attacking, copy_of

        watching = Watching(attack)
        running = attacking(self.collection, attack, name)
        last, copy = None, None
        try:
            while True:
                try:
                    last = next(running)
                except StopIteration as end:
                    yield replace(watching.outcome(end.value, last), copy=copy)
                    return
                copy = copy_of(self.collection, name, last.attempt)  # at once: what it asks may be trained on
                yield replace(watching.step(last), copy=copy)
        finally:
            running.close()

    def open(self) -> list:
        """What stands under the stage, the break-in above it, and the attacks that there are."""
        titles = [(title, attack) for attack, title in self.titles.items()]
        return [*self.rest, gr.skip() if self.titles == self.at_first else gr.Radio(titles)]

    @cached_property
    def rest(self) -> list[str]:
        """What holds and the attacks too long to be watched; and the break-in."""
        from dsn.ui.attack.chart import render_chart
        from dsn.ui.attack.longer import render_longer_attacks

        recorded = render_chart(self.texts, self.collection) + render_longer_attacks(self.texts, self.collection)
        return [recorded, self.break_in.render()]

    # What is shown under Compare

    def follow(self, attack: str, name: str, amount: float, taken: str, *shown: str) -> tuple:
        """The network, the stage, the recorded run and what was taken over from Compare; as they are where it shows it.

        Args:
            attack: that is chosen.
            name: of the network that is chosen here.
            amount: of the slider.
            taken: what was taken over last.
            shown: application, customer and lock under Compare.
        """
        wanted = self.wanted(name, taken, *shown)
        if "/".join(shown) == taken:
            return (gr.skip(),) * 4
        name = self.nearest(attack, wanted)
        choice = gr.Dropdown(choices=self.choices(attack), value=name)
        return choice, self.before(attack, name, amount), self.recorded_run(attack, name), "/".join(shown)

    def wanted(self, name: str, taken: str, task: str, customer: str, lock: str) -> str:
        """The network shown under Compare, once it is another there; until then the one chosen here."""
        if f"{task}/{customer}/{lock}" == taken:
            return name
        return f"{task}/{self.collection.under(task, customer, lock)}"

    def follows(self, compare: CompareTab) -> None:
        """Take over the network that is shown under Compare, whenever this tab is opened and it is another there."""
        if not self.at_first:
            return

        def of(shown: dict[str, str]) -> tuple[str, str, str]:
            return shown["task"], shown["customer"], shown["lock"]

        def follow(attack, name, amount, taken, shown, request: gr.Request):
            followed = self.follow(attack, name, amount, taken, *of(shown))
            # Asked last: at first that takes seconds, in which an attack may have begun, whose stage this would take.
            return (gr.skip(),) * 4 if self.waiting_line.has(request.session_hash or "") else followed

        def choose(attack, name, taken, shown, request: gr.Request):
            wanted = self.wanted(name, taken, *of(shown))
            if wanted not in [one for _, one in self.choices(attack)]:  # it stood in for one that this attack can take
                wanted = self.wanted(name, "", *of(shown))
            return *self.choose_attack(attack, request, wanted), "/".join(of(shown))

        quick: dict = UNREFUSED | {"show_progress": "hidden", "api_visibility": "private", "queue": False}
        self.outcomes.follow(
            follow,
            [self.attack, self.name, self.amount, self.taken, compare.panels],
            [self.name, self.stage, self.recorded, self.taken],
            trigger_mode="always_last",
            **quick,
        )
        self.attack.input(
            choose,
            [self.attack, self.name, self.taken, compare.panels],
            [self.name, self.about, self.stage, self.recorded, self.button, self.stop, self.amount, self.taken],
            trigger_mode="always_last",
            **quick,
        )

    # Layout

    def build(self) -> None:
        is_light = self.at_first == self.said["shown"]  # whatever is asked of the registry imports torch
        choices = self.called(self.networks(LONG)) if is_light else self.choices(self.first)
        about = self.said[f"about_{self.first}"] if is_light else self.sentence(self.first)
        self.taken = gr.State("")
        gr.HTML(rendering.render_tab_heading(self.texts, "attack"), js_on_load=None, elem_classes="unseen-block")
        gr.HTML(rendering.render_note(self.said["lead"]), js_on_load=None, elem_classes="lead-note")
        self.break_in = BreakIn(self.texts, self.collection, self.live)
        with gr.Row(elem_classes="workbench attack-bench"):
            with gr.Column(elem_classes="controls", min_width=300, scale=2), gr.Group(elem_classes="card"):
                self.name = gr.Dropdown(
                    choices, value=choices[0][1], label=self.said["student"], elem_id="attack-student"
                )
                self.attack = gr.Radio(
                    [(title, attack) for attack, title in self.at_first.items()],
                    value=self.first,
                    label=self.said["choose"],
                    elem_id="attack-choice",
                    elem_classes="choices",
                )
                self.outcomes = gr.HTML(
                    rendering.render_template("outcomes.html", t=self.texts),
                    js_on_load=rendering.script("outcomes.js"),
                    elem_id="attack-outcomes",
                )
                self.amount = gr.Slider(
                    0, MOST_PRUNED, value=0, step=5, label=self.said["amount"], visible=False, elem_id="attack-amount"
                )
                with gr.Row(elem_classes="buttons"):
                    self.button = gr.Button(self.said["button"], variant="primary", elem_id="attack-run")
                    self.stop = gr.Button(self.said["stop"], interactive=False, elem_id="attack-stop")
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.about = gr.HTML(rendering.render_note(about), js_on_load=None, elem_id="attack-about")
                html = rendering.render_template("awaited.html", t=self.texts)
                self.stage = gr.HTML(html, js_on_load=None, elem_id="attack-stage")
                self.recorded = gr.HTML("", js_on_load=None, elem_id="attack-recorded")
        self.longer = awaited(self.texts, elem_id="attack-longer")

    # Wiring

    def wire(self) -> None:
        hidden: dict = UNREFUSED | {"show_progress": "hidden", "api_visibility": "private"}
        quick: dict = hidden | {"queue": False, "trigger_mode": "always_last"}
        self.button.click(
            self.press_run,
            [self.attack, self.name],
            [self.stage, self.stop],
            concurrency_limit=None,  # they wait for their turns, and say so
            trigger_mode="multiple",  # one that was given up may need a moment to end
            **hidden,
        )
        leads_to(self.button.click, "#attack-run")  # the stage begins below it
        chosen = [self.attack, self.name, self.amount]
        self.name.input(self.choose_student, chosen, [self.stage, self.recorded, self.stop], **quick)
        fill([self.longer, self.break_in.card, self.attack], self.open)
        in_bounds = f"(name, amount) => [name, Math.min(Math.max(amount || 0, 0), {MOST_PRUNED})]"  # it may be typed
        self.amount.input(self.move_slider, [self.name, self.amount], self.stage, js=in_bounds, **quick)
        leads_to(self.amount.release, "#attack-amount")
        self.stop.click(self.press_stop, [self.attack, self.name], [self.stage, self.stop], **quick)
