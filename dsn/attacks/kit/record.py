"""What an attack says about itself: everything that commands, tables and the page ask about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dsn.applications.record import Application
from dsn.attacks.kit.scene import AttackError, Running
from dsn.locks.registry import LOCKS, SEALED, STAMPED
from dsn.student.collection import SEALED_COPY

CUSTOMER = "alder"  # whose students the recorded attacks are on
SHORT_CUSTOMER = "paper"  # the customer with a serial of 9 bits
SHORT = 9
CLOUDS = ("valid", "wrong", "absent")  # conditions under which features are drawn
MEAN, LOWEST, HIGHEST = "mean", "lowest", "highest"
ONE_SHARE, ENDS, PAPERS_SHARES = (0.1,), (0.1, 0.4), (0.1, 0.2, 0.3, 0.4)
# Why what descends to a serial has nothing to descend on where the weights are sealed.
NO_GRADIENT = {SEALED: "Between an answer and the serial lie scrypt and a stream cipher: no gradient passes them."}
# Why what looks for channels, or for what customers' weights have in common, finds no such thing in sealed ones.
NO_CHANNELS = {SEALED: "No channel holds a sealed network back: all its weights are noise."}
NO_COMMON_WEIGHTS = {
    SEALED: "Sealed weights have nothing in common to average; comparing files is an attack of its own."
}
# Why what reads a sealed file has nothing to read in another.
UNSEALED = {STAMPED: "Nothing is sealed in this network: its weights are there to be read."}
WELL_ABOVE = 10.0  # points over guessing evenly from which an attack has got through

Bar = Callable[[Application], float | None]
Tone = Literal["valid", "entered", "absent", "ink", "dash"]  # a condition, or what is none: ink on paper


def unpromised(application: Application) -> float | None:
    """No bar."""
    return None


def at_chance(application: Application) -> float | None:
    """The bar of what may do no better than guessing, in percent."""
    return application.attack_bar


def at_worst(application: Application) -> float | None:
    """The bar of the best of many restarts, in percent."""
    return application.attack_worst_bar


def promised(bar: float) -> Bar:
    """The same bar for every application for which anything was promised."""
    return lambda application: bar if application.bars else None


none_better = promised(0.0)


@dataclass(frozen=True)
class Line:
    """One figure of an attack in the tables, for every application.

    Attributes:
        what: the figure in words.
        figures: its names in the results; of several the worst for the owner counts.
        over_seeds: "mean", "lowest" or "highest".
        bar: the most it may be on an application; None where nothing was promised.
        at_least: the bar is the least it may be.
        paper: which of the paper's figures stand beside it; of two, the first minus the second.
        unit: after every figure, such as " bits".
    """

    what: str
    figures: tuple[str, ...]
    over_seeds: str = MEAN
    bar: Bar = unpromised
    at_least: bool = False
    paper: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Drawn:
    """A curve that is drawn.

    Attributes:
        name: in the outcome's curves.
        title: key of its title in the page's texts.
        tone: its colour.
        stepped: the figure of a step that goes on it while the attack runs; None for attacks whose steps bring whole
            curves, or that nobody watches. Curves of the same figure are drawn one after another.
    """

    name: str
    title: str
    tone: Tone
    stepped: str | None = None


@dataclass(frozen=True)
class Judged:
    """By which figures it is told whether an attack that may well work was in vain.

    Attributes:
        ending: of the figures' names; the highest counts.
        against: the figure that it has to exceed; None for guessing evenly, by far.
        limit: what it has to exceed in place of that.
    """

    ending: str
    against: str | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Alike:
    """What an attack that was not recorded on a lock comes to, because another measurement tells it.

    Attributes:
        to: the attack, or "absent" or "one-bit-wrong", the condition, that comes to the same.
        why: in one sentence.
        lock: of the same customer's student on which it does; empty for the attacked one.
    """

    to: str
    why: str
    lock: str = ""


# Of a sealed student: whatever trains it in another way or for another end; whatever climbs; whatever prunes or asks.
NO_HEAD_START = {
    SEALED: Alike(
        "searched-tuning",
        "Sealed codes are random first weights, whatever they are trained for: training further tells.",
    )
}
NO_SLOPE = {
    SEALED: Alike(
        "one-bit-wrong", "With one bit wrong a sealed network answers as with half of them wrong: there is no slope."
    )
}
STILL_NOISE = {
    SEALED: Alike("absent", "Without its serial a sealed network is a random one: pruned or asked, it stays one.")
}


@dataclass(frozen=True)
class Needs:
    """What the student has to be like.

    Attributes:
        bits: length of the serials of those it is watched and recorded on.
        training_pictures: whether who watches it needs training pictures of the student's application.
        pointless: by the name of a lock, why there is nothing to try on it, in one sentence.
        alike: by the name of a lock, what tells what it comes to where it was not recorded.
    """

    bits: int = 64
    training_pictures: bool = False
    pointless: Mapping[str, str] = field(default_factory=dict)
    alike: Mapping[str, Alike] = field(default_factory=dict)

    @property
    def locks(self) -> tuple[str, ...]:
        """The locks that it is tried on."""
        return tuple(name for name in LOCKS if name not in self.pointless)


@dataclass(frozen=True)
class Attack:
    """One attack as commands, tables and the page know it.

    Attributes:
        name: word on command lines and in results files.
        about: what the adversary has, and where the attack is from; its first line is the title.
        run: `attack(scene, settings, share, seed)`.
        full: settings of the recorded figures.
        quick: settings for trying it out.
        watched: settings small enough to be watched on the page; None where that takes too long.
        needs: of a student.
        shares: of the training data, that the recorded figures are about.
        is_random: whether its seed changes anything; one run says all where it does not.
        shown_as: lines over steps, a bar for every serial, or a dot for every picture.
        curves: the lines.
        lines: its lines in the tables.
        judged: how it is told whether it was in vain; None where that is no question.
    """

    name: str
    about: str
    run: Callable[..., Running]
    full: Any
    quick: Any
    watched: Any = None
    needs: Needs = Needs()
    shares: tuple[float, ...] = ONE_SHARE
    is_random: bool = True
    shown_as: Literal["lines", "bars", "dots"] = "lines"
    curves: tuple[Drawn, ...] = ()
    lines: tuple[Line, ...] = ()
    judged: Judged | None = None

    @property
    def title(self) -> str:
        """The first line of what it is about."""
        return self.about.strip().splitlines()[0]

    @property
    def customer(self) -> str:
        """Whose student it is recorded on: under the first lock on which it is not pointless."""
        return self.customer_under(self.needs.locks[0])

    def customer_under(self, lock: str) -> str:
        """Whose student it is recorded on under a lock; a sealed one is a copy of the stamped one."""
        customer = SHORT_CUSTOMER if self.needs.bits == SHORT else CUSTOMER
        return f"{customer}{SEALED_COPY}" if lock == SEALED else customer

    def settings(self, application: Application, *, quick: bool = False) -> Any:
        """Settings for the recorded figures of an application, or for trying it out."""
        settings = self.quick if quick else self.full
        if not hasattr(settings, "schedule") or not application.attack_pictures or settings.schedule.pictures is None:
            return settings
        return replace(settings, schedule=replace(settings.schedule, pictures=application.attack_pictures))

    def check_lock(self, lock: str) -> None:
        """Refuse a student on which there is nothing to try.

        Args:
            lock: the student's.

        Raises:
            AttackError: the attack is pointless on it; the message says why.
        """
        if lock in self.needs.pointless:
            raise AttackError(self.needs.pointless[lock])

    def was_in_vain(self, figures: Mapping[str, float], even: float) -> bool:
        """Whether nothing came of it, where that is a question; false elsewhere.

        Args:
            figures: of an outcome.
            even: what guessing evenly reaches, in percent.
        """
        if self.judged is None:
            return False
        highest = max((value for name, value in figures.items() if name.endswith(self.judged.ending)), default=0.0)
        usual = even + WELL_ABOVE if self.judged.limit is None else self.judged.limit
        return highest <= (figures[self.judged.against] if self.judged.against else usual)
