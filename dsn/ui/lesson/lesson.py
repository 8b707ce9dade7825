"""The guided lesson above the comparison: what it says, the layout, and the one thing that is asked of the server.

Steps, predictions and the tally live in the visitor's browser, which sets the page to a step's state by itself
(`compare/scripts/leading.js`).
"""

import random
from functools import cached_property

import gradio as gr

from dsn.attacks.kit.record import CLOUDS
from dsn.serials import random_serial
from dsn.student.collection import Collection
from dsn.ui.attack.rendering import span_in_words
from dsn.ui.attack.views import cloud
from dsn.ui.lesson.glossary import with_terms
from dsn.ui.lesson.steps import QUOTED, SEED, STAGES, STEPS, attacks_tried, quoted
from dsn.ui.rendering import render_template, script
from dsn.ui.texts import Texts

CLOUD_PICTURES = 300
SCRIPTS = ("training.js", "led.js", "lesson.js", "present.js", "glossary.js")
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
        self.card = gr.HTML(with_terms(self.texts, html), js_on_load=scripts, elem_id="lesson")
        empty = self.render_clouds([(condition, [], 0) for condition in CLOUDS])
        self.drawing = gr.HTML(empty, js_on_load=None, elem_id="lesson-clouds")

    # Wiring

    def wire(self) -> None:
        """Let the step that shows the students' features have its drawing, once a visit."""
        hidden: dict = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        self.card.draw(lambda: self.clouds, None, self.drawing, **hidden)
