"""What is drawn of an attack: curves, bars and points from its steps and its outcome."""

from dataclasses import dataclass, field

from torch import Tensor

from dsn.attacks.feature_space import CONDITIONS
from dsn.attacks.kit.scene import Outcome, Step


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: key of its title in the texts.
        tone: "valid", "entered", "absent" or "plain": its colour.
        points: (x, percent).
    """

    name: str
    tone: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class View:
    """Everything that is shown of an attack at one moment.

    Attributes:
        attack: its name.
        done: steps made.
        total: steps in all.
        curves: lines over steps, epochs, queries or wrong bits.
        longest: the largest x; of bars, how many there will be.
        bars: percent right of every serial, in the order of their numbers (brute force).
        pictures: what the adversary has found, by name: float [C, H, W] in [0, 1].
        points: by condition, (x, y, class) of every picture (feature space).
        figures: by name.
        is_over: whether it is finished.
    """

    attack: str
    done: int
    total: int
    curves: tuple[Curve, ...] = ()
    longest: float = 1.0
    bars: tuple[float, ...] = ()
    pictures: dict[str, Tensor] = field(default_factory=dict)
    points: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    is_over: bool = False


# Which curves are drawn: name in the outcome, title's key, colour.
DRAWN = {
    "hill-climbing": (("probabilities", "seen_probabilities", "entered"), ("classes", "seen_classes", "absent")),
    "reverse-engineering": (("plain", "mode_plain", "entered"), ("recalibrated", "mode_recalibrated", "absent")),
    "fine-tuning": (
        ("fresh_dense", "fresh_dense", "entered"),
        ("as_it_is", "as_it_is", "valid"),
        ("scratch", "scratch", "absent"),
    ),
    "opening": (("absent", "absent", "absent"), ("valid", "valid", "valid")),
    "nearness": (("mean", "nearness_mean", "entered"), ("highest", "nearness_highest", "absent")),
    "transfer": (("whole", "stolen", "entered"), ("scratch", "scratch", "absent")),
    "overwriting": (
        ("fresh_dense", "fresh_dense", "entered"),
        ("labels", "as_it_is", "valid"),
        ("scratch", "scratch", "absent"),
    ),
    "patient-tuning": (("fresh_dense", "fresh_dense", "entered"), ("scratch", "scratch", "absent")),
    "pruned-tuning": (
        ("pruned_50_fresh_dense", "fresh_dense", "entered"),
        ("pruned_50", "as_it_is", "valid"),
        ("scratch", "scratch", "absent"),
    ),
    "opened-search": (("pattern", "best_pattern", "entered"),),
    "unlabelled": (("raw", "shown_raw", "entered"), ("random_serials", "shown_random", "absent")),
    "extraction": (("copy", "copy", "entered"), ("scratch", "scratch", "absent")),
}
PASSED = ("epochs", "queries")  # what a step calls its place on the axis, where that is not its number
# What a step calls the value that goes on such a curve while the attack runs; the first it has counts.
STEPPED = {
    "hill-climbing": {"probabilities": ("accuracy",), "classes": ("accuracy",)},
    "reverse-engineering": {"plain": ("accuracy",), "recalibrated": ("accuracy",)},
    "fine-tuning": {"fresh_dense": ("fresh_dense",), "scratch": ("scratch",)},
}


class Watching:
    """Gathers the steps of one attack into views.

    Args:
        attack: its name.
    """

    def __init__(self, attack: str) -> None:
        self.attack = attack
        self.seen: dict[str, list[tuple[float, float]]] = {}

    def step(self, step: Step) -> View:
        """The view after one more step."""
        if step.curves:
            return self._drawn(step.curves, step, step.figures, is_over=False)
        half = 2 * step.done > step.total
        for place, (curve, names) in enumerate(STEPPED.get(self.attack, {}).items()):
            if self.attack != "fine-tuning" and place != int(half):
                continue  # such attacks run one mode after the other
            x = next((step.figures[name] for name in PASSED if name in step.figures), step.done - half * step.total / 2)
            for name in names:
                if name in step.figures:
                    self.seen.setdefault(curve, []).append((float(x), step.figures[name]))
        steps = step.total / 2 if self.attack in STEPPED else step.total
        longest = next((step.figures[f"{name}_in_all"] for name in PASSED if name in step.figures), steps)
        return View(
            self.attack, step.done, step.total, self._curves(self.seen), max(longest, 1.0),
            pictures=step.pictures, figures=step.figures,
        )  # fmt: skip

    def outcome(self, outcome: Outcome, last: Step | None) -> View:
        """The view of the finished attack."""
        figures = {name: value for name, value in outcome.figures.items() if value is not None}
        return self._drawn(outcome.curves, last or Step(1, 1), figures, is_over=True)

    def _drawn(self, curves: dict[str, list[float]], step: Step, figures: dict[str, float], *, is_over: bool) -> View:
        done = step.total if is_over else step.done
        if self.attack == "brute-force":
            bars = tuple(curves["accuracy"])
            count = len(bars) if is_over else step.total
            return View(self.attack, done, step.total, (), count, bars=bars, figures=figures, is_over=is_over)
        if self.attack == "feature-space":
            labels = [int(label) for label in curves["labels"]]
            points = {
                name: cloud(curves[f"{name}_x"], curves[f"{name}_y"], labels)
                for name in CONDITIONS
                if f"{name}_x" in curves
            }
            return View(self.attack, done, step.total, points=points, figures=figures, is_over=is_over)
        whole = {name: list(zip(curves["x"], curve, strict=False)) for name, curve in curves.items() if name != "x"}
        longest = max(curves["x"]) if is_over else step.figures.get("softest", float(step.total - 1))
        return View(
            self.attack, done, step.total, self._curves(whole), longest,
            pictures=step.pictures, figures=figures, is_over=is_over,
        )  # fmt: skip

    def _curves(self, values: dict[str, list[tuple[float, float]]]) -> tuple[Curve, ...]:
        return tuple(
            Curve(title, tone, tuple(values[name]))
            for name, title, tone in DRAWN.get(self.attack, ())
            if name in values
        )


def cloud(across: list[float], up: list[float], labels: list[int]) -> list[tuple[float, float, int]]:
    """Dots to be drawn in a square of 100: (x, y, class) of every picture."""
    return list(zip(_even(across), _even(up), labels, strict=True))


def _even(values: list[float]) -> list[float]:
    """Values moved into 2 to 98, to be drawn in a square of 100."""
    low, high = min(values), max(values)
    return [50.0 if high == low else 2 + 96 * (value - low) / (high - low) for value in values]
