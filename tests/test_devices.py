"""The arithmetic that networks are trained in: chosen by what the machine has, overridden by word, always said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from dsn.__main__ import job_of, parser
from dsn.devices import (
    ARITHMETICS,
    OVERRIDE,
    UnknownArithmeticError,
    arithmetic_for,
    arithmetic_named,
    autocast,
    has_bf16_units,
)
from dsn.distilling.loop import Training
from dsn.networks.classifier import Classifier, folded_drive, take_statistics
from dsn.networks.config import POOL, NetworkConfig
from dsn.results.store import provenance

CPUINFO = Path("/proc/cpuinfo")
NETWORK = NetworkConfig(channels=3, size=16, layers=(6, POOL, 8, POOL), features=12, classes=5, first_kernel=5)


@pytest.fixture(autouse=True)
def no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)


def flags() -> set[str]:
    """What the kernel says the processor can do."""
    with CPUINFO.open(encoding="utf-8") as file:
        return {word for line in file if line.startswith(("flags", "Features")) for word in line.split()}


@pytest.mark.skipif(not CPUINFO.exists(), reason="the kernel tells its processor's flags on Linux only")
def test_the_processor_is_believed_as_the_kernel_describes_it() -> None:
    assert has_bf16_units("cpu") == bool(flags() & {"amx_bf16", "avx512_bf16", "avx10_2", "bf16", "svebf16"})


def test_without_units_float32_is_chosen_and_the_choice_stays() -> None:
    chosen = arithmetic_for("cpu")
    assert chosen in ARITHMETICS and chosen == arithmetic_for("cpu") == Training(1).done_in
    assert chosen == "float32" or has_bf16_units("cpu")


@pytest.mark.parametrize("word", ARITHMETICS)
def test_a_word_overrides_the_machine(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, word)
    assert arithmetic_for("cpu") == Training(1).done_in == word
    assert Training(1, arithmetic="float32").done_in == "float32", "the command line's word is nearer"
    options = parser().parse_args(["teacher", "digits", "--arithmetic", word])
    assert job_of(options).training(1, "any").done_in == word


def test_another_word_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownArithmeticError, match="choose float32 or bf16"):
        arithmetic_named("fp8")
    monkeypatch.setenv(OVERRIDE, "half")
    with pytest.raises(UnknownArithmeticError, match="'half'"):
        Training(1).done_in  # noqa: B018 - asking is what is refused
    done = subprocess.run(
        [sys.executable, "-c", "from dsn.devices import arithmetic_for; arithmetic_for('cpu')"],
        capture_output=True, text=True, env={**os.environ, OVERRIDE: "half"},
    )  # fmt: skip
    assert done.returncode == 1 and "There is no arithmetic 'half'" in done.stderr


def test_the_trial_leaves_the_programs_random_state_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    arithmetic_for.__globals__["_trial"]("float32")
    assert torch.equal(torch.get_rng_state(), before)


def test_arithmetic_is_what_it_says() -> None:
    one = torch.ones(2, 2)
    for word, dtype in zip(ARITHMETICS, (torch.float32, torch.bfloat16), strict=True):
        with autocast("cpu", word):
            assert (one @ one).dtype == dtype


def test_results_say_which_arithmetic_was_used() -> None:
    assert provenance(0, "cpu", "bf16")["arithmetic"] == "bf16" and provenance(0, "cpu")["arithmetic"] == "float32"


def test_a_folded_pass_has_the_values_and_gradients_of_the_plain_one() -> None:
    torch.manual_seed(0)
    network = Classifier(NETWORK).double()
    images = torch.rand(20, 3, 16, 16, dtype=torch.float64)
    take_statistics(network, images.split(10))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    plain, folded = network.drive(images), folded_drive(network, images)
    assert torch.allclose(plain, folded, atol=1e-10)
    weights = [one for name, one in network.named_parameters() if not name.startswith("predictor")]
    for one, other in zip(
        *(torch.autograd.grad(drive.square().sum(), weights) for drive in (plain, folded)), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-8, atol=1e-8)


def test_a_batch_norm_that_trains_or_is_listened_to_runs_as_it_is() -> None:
    torch.manual_seed(0)
    network, images = Classifier(NETWORK), torch.rand(8, 3, 16, 16)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    before = norms[0].running_mean
    assert before is not None
    before = before.clone()
    folded_drive(network, images)
    assert norms[0].running_mean is not None and not torch.equal(norms[0].running_mean, before), "it trains"
    network.eval()
    heard = []
    norms[1].register_forward_hook(lambda module, inputs, output: heard.append(output))
    folded_drive(network, images)
    assert len(heard) == 1
