"""Every attack by its name, in the order of the tables: adding one is a module and a line here."""

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
    sealed_codes,
    sealed_siblings,
    searched_tuning,
    serial_timing,
    transfer,
    unlabelled,
)
from dsn.attacks.kit.record import Attack
from dsn.attacks.kit.scene import AttackError

ATTACKS: dict[str, Attack] = {
    module.ATTACK.name: module.ATTACK
    for module in (
        opening,
        opened_search,
        reverse_engineering,
        gradient_search,
        hill_climbing,
        fine_tuning,
        patient_tuning,
        searched_tuning,
        overwriting,
        transfer,
        pruning,
        unlabelled,
        collusion,
        neuron_pruning,
        pruned_tuning,
        extraction,
        nearness,
        feature_space,
        brute_force,
        sealed_codes,
        sealed_siblings,
        serial_timing,
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
