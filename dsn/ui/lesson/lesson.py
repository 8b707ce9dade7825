"""The guided lesson above the comparison: handlers first, then the layout, then the wiring.

Steps, predictions and the tally live in the visitor's browser; the server sets the page to a step's state.
"""

import random
from functools import cached_property

import gradio as gr

from dsn.attacks.kit.record import CLOUDS
from dsn.serials import random_serial
from dsn.student.collection import Collection
from dsn.ui.attack.rendering import span_in_words
from dsn.ui.attack.views import cloud
from dsn.ui.compare.tab import CompareTab
from dsn.ui.lesson.glossary import with_terms
from dsn.ui.lesson.steps import QUOTED, SEED, STAGES, STEPS, LessonStep, attacks_tried, quoted, step_serial
from dsn.ui.rendering import render_template, script
from dsn.ui.texts import Texts

CLOUD_PICTURES = 300
SCRIPTS = ("training.js", "lesson.js", "present.js", "glossary.js")
MACHINES = 1000  # that a thief might have, in the step on lengths
TWO_DECIMALS = "{:.2f}"
FORMATS = {"pictures": "{:,.0f}", "share": "{:.0f}", "seconds": "{:.1f}"}  # of what has other than two decimals


class Lesson:
    """The lesson's card and what happens when it is used.

    Args:
        texts: of the page.
        collection: `dsn.ui.lesson.steps.fits` it.
    """

    def __init__(self, texts: Texts, collection: Collection) -> None:
        self.texts, self.collection = texts, collection
        self.build()

    def go(self, compare: CompareTab, event: gr.EventData) -> tuple:
        """A new value of the comparison, none where its state is to be kept; and which question this answers."""
        step = self.step_of(event)
        answered = gr.HTML(answered=int(event.number))
        if event.keep:
            return gr.skip(), answered
        serial = step_serial(self.collection, step, int(event.count))
        return compare.show(step.task, step.customer, step.picture, serial, step.lock), answered

    def draw(self, event: gr.EventData) -> str:
        """The step's drawing, where it has one that is made from the students."""
        return self.clouds if self.step_of(event).shown == "clouds" else gr.skip()

    @staticmethod
    def step_of(event: gr.EventData) -> LessonStep:
        number = int(event.step)
        if not 1 <= number <= len(STEPS):
            raise ValueError(f"there is no step {number}")
        return STEPS[number - 1]

    @cached_property
    def clouds(self) -> str:
        """Where the features of pictures lie: with the step's own serial, with a wrong one, and with none."""
        from dsn.attacks.watched import embedded

        step = next(step for step in STEPS if step.shown == "clouds")
        valid = self.collection.valid_serial(step.task, step.customer)
        wrong = random_serial(len(valid.bits), unlike=valid, source=random.Random(SEED))
        shown = []
        for condition, serial in zip(CLOUDS, (valid, wrong, None), strict=True):
            embedding = embedded(self.collection, f"{step.task}/{step.customer}", serial, CLOUD_PICTURES)
            across, up = embedding.points.T.tolist()
            spots = len(embedding.points.unique(dim=0))
            shown.append((condition, cloud(across, up, embedding.labels.tolist()), spots))
        return self.render_clouds(shown)

    def render_clouds(self, shown: list[tuple]) -> str:
        """For each condition: its name, the dots, and on how many spots they lie; 0 where that is not known yet."""
        return render_template("lesson_clouds.html", t=self.texts, shown=shown, pictures=CLOUD_PICTURES)

    def figures(self) -> dict[str, str]:
        """The recorded figures the sentences quote, as they are written; a dash where nothing was recorded."""
        known = quoted()
        written = dict.fromkeys((*QUOTED, "time", "shared_time"), "–")
        written |= {name: FORMATS.get(name, TWO_DECIMALS).format(value) for name, value in known.items()}
        if "years" in known:
            written["time"] = span_in_words(self.texts, known["years"])
            written["shared_time"] = span_in_words(self.texts, known["years"] / MACHINES)
        return written

    # Layout

    def build(self) -> None:
        html = render_template(
            "lesson.html",
            t=self.texts,
            steps=STEPS,
            stages=STAGES,
            tried=[
                (one, {name: FORMATS.get(name, TWO_DECIMALS).format(value) for name, value in one.figures.items()})
                for one in attacks_tried()
            ],
            quoted=self.figures(),
            machines=f"{MACHINES:,}",
        )
        scripts = "\n".join(map(script, SCRIPTS))
        self.card = gr.HTML(with_terms(self.texts, html), js_on_load=scripts, elem_id="lesson", answered=0)
        empty = self.render_clouds([(condition, [], 0) for condition in CLOUDS])
        self.drawing = gr.HTML(empty, js_on_load=None, elem_id="lesson-clouds")

    # Wiring

    def wire(self, compare: CompareTab) -> None:
        """Set this comparison to the state of every step that is gone to."""

        def go(event: gr.EventData) -> tuple:
            return self.go(compare, event)

        def draw(event: gr.EventData) -> str:
            return self.draw(event)

        quick: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        # "always_last" would repeat the waiting event with the data of the one before it
        self.card.click(go, None, [compare.panels, self.card], trigger_mode="multiple", **quick)
        self.card.click(draw, None, self.drawing, trigger_mode="multiple", **quick)
