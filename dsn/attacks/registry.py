"""Every attack by its name: adding one is a module and a line here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from dsn.applications.record import Application
from dsn.attacks import (
    brute_force,
    collusion,
    extraction,
    feature_space,
    fine_tuning,
    gradient_search,
    hill_climbing,
    nearness,
    neuron_pruning,
    opened_search,
    opening,
    overwriting,
    patient_tuning,
    pruned_tuning,
    pruning,
    reverse_engineering,
    transfer,
    unlabelled,
)
from dsn.attacks.kit.scene import AttackError, Running

PAPERS_SHARES = (0.1, 0.2, 0.3, 0.4)
ENDS = (0.1, 0.4)
ONE_SHARE = (0.1,)


@dataclass(frozen=True)
class Attack:
    """One attack as commands and pages know it.

    Attributes:
        name: word on command lines and in results files.
        module: whose docstring says what the adversary has, and where the attack is from.
        shares: of the training data, that the recorded figures are about.
        is_random: whether its seed changes anything; one run says all where it does not.
    """

    name: str
    module: ModuleType
    shares: tuple[float, ...] = ONE_SHARE
    is_random: bool = True

    @property
    def title(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or "").strip().splitlines()[0]

    @property
    def run(self) -> Callable[..., Running]:
        """`attack(scene, settings, share, seed)`."""
        return self.module.attack

    def settings(self, application: Application, *, quick: bool = False) -> Any:
        """The module's settings for recorded figures of an application, or for trying it out."""
        settings = self.module.QUICK if quick else self.module.FULL
        if not hasattr(settings, "schedule") or not application.attack_pictures or settings.schedule.pictures is None:
            return settings
        return replace(settings, schedule=replace(settings.schedule, pictures=application.attack_pictures))


ATTACKS = {
    attack.name: attack
    for attack in (
        Attack("fine-tuning", fine_tuning, PAPERS_SHARES),
        Attack("patient-tuning", patient_tuning),
        Attack("transfer", transfer, ENDS),
        Attack("pruning", pruning, is_random=False),
        Attack("reverse-engineering", reverse_engineering),
        Attack("overwriting", overwriting, ENDS),
        Attack("feature-space", feature_space),
        Attack("opening", opening),
        Attack("opened-search", opened_search),
        Attack("brute-force", brute_force),
        Attack("hill-climbing", hill_climbing),
        Attack("gradient-search", gradient_search),
        Attack("pruned-tuning", pruned_tuning),
        Attack("neuron-pruning", neuron_pruning),
        Attack("unlabelled", unlabelled),
        Attack("extraction", extraction),
        Attack("collusion", collusion),
        Attack("nearness", nearness),
    )
}


def attack_named(name: str) -> Attack:
    """The attack of this name.

    Raises:
        AttackError: no such attack; the message names those there are.
    """
    if name not in ATTACKS:
        raise AttackError(f"There is no attack {name!r}: choose one of {', '.join(ATTACKS)}, or all.")
    return ATTACKS[name]
