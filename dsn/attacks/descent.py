"""Gradient descent on the pictures' side: many restarts of an adversary in one forward pass each step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.prepared import Split, as_floats
from dsn.attacks.kit.measuring import arithmetic
from dsn.attacks.kit.surrogates import LeakyGradientReLU, as_sequence, folded, recalibrated, smooth_activation
from dsn.attacks.opening import drives
from dsn.student.student import Student

PLAIN, LEAKY, SMOOTH, RECALIBRATED = "plain", "leaky", "smooth", "recalibrated"
MODES = (PLAIN, LEAKY, SMOOTH, RECALIBRATED)
OPENED = "opened"  # recorded apart: `dsn.attacks.opened_search`
PROBED = {"cpu": 40}  # pictures at a time where no gradient is kept: as many as fit a processor's caches
OPENING_PICTURES = 1000
RESTART_SEEDS = 1_009  # distance between the random states of two seeds, in restarts


@dataclass(frozen=True)
class Descent:
    """How an adversary descends.

    Attributes:
        restarts: how many start from random values.
        steps: gradient steps of each.
        batch: pictures a step, the same for every restart; few, because larger batches do not fit a processor's
            caches and are no faster.
        learning_rate: Adam's.
    """

    restarts: int = 10
    steps: int = 1000
    batch: int = 16
    learning_rate: float = 0.1


def generators(seed: int, restarts: range) -> list[torch.Generator]:
    """One source of randomness for each restart, whichever others run with it."""
    return [torch.Generator().manual_seed(seed * RESTART_SEEDS + restart) for restart in restarts]


def attacked_network(student: Student, mode: str, images: Tensor) -> tuple[nn.Sequential, Student]:
    """What an adversary descends on, and the network that answers in the end.

    Args:
        student: the stolen one.
        mode: "plain"; or adaptive: "leaky" (gradients through dead ReLUs), "smooth" (softplus for ReLU),
            "recalibrated" (BatchNorm's statistics of raw pictures, and leaky; it also answers that way), or "opened"
            (the last ReLU's bias moved so that the features of raw pictures lie around zero).
        images: the adversary's, uint8 [N, C, H, W]; "recalibrated" and "opened" look at them.

    Raises:
        ValueError: another mode.
    """
    if mode not in (*MODES, OPENED):
        raise ValueError(f"There is no mode {mode!r}: choose one of {', '.join((*MODES, OPENED))}.")
    answering = student
    if mode == RECALIBRATED:
        changed = recalibrated(student, images)
        assert isinstance(changed, Student)
        answering = changed
    activation = {PLAIN: nn.ReLU, OPENED: nn.ReLU, SMOOTH: smooth_activation}.get(mode, LeakyGradientReLU)
    network = folded(as_sequence(answering, activation))
    if mode == OPENED:
        dense = network[-3]
        assert isinstance(dense, nn.Linear)
        dense.bias.sub_(drives(student, images[:OPENING_PICTURES]).mean(0))
    return network, answering


def _answers(network: nn.Module, pictures: Tensor) -> Tensor:
    """Logits, float [N, classes], with gradients for those pictures alone that have any.

    Where the last ReLU lets nothing through, the gradient is exactly zero: a silent student costs no backward pass.
    """
    with arithmetic(pictures.device):
        if not (isinstance(network, nn.Sequential) and isinstance(network[-2], nn.ReLU)):
            return network(pictures)
        with torch.no_grad():
            logits = torch.cat(
                [network(part) for part in pictures.split(PROBED.get(pictures.device.type, len(pictures)))]
            )
        heard = logits.any(1).nonzero()[:, 0]
        return logits.index_copy(0, heard, network(pictures[heard])) if len(heard) else logits


def descend(
    network: nn.Module,
    split: Split,
    parameters: list[Tensor],
    applied: Callable[[Tensor], Tensor],
    penalty: Callable[[], Tensor],
    settings: Descent,
    seed: int,
) -> Iterator[Tensor]:
    """Move every restart's parameters towards the right labels, in place.

    The restarts do not touch one another: each has the result it would have alone.

    Args:
        network: pictures to logits.
        split: the adversary's labelled pictures.
        parameters: float tensors [R, ...], one row a restart.
        applied: what the parameters make of pictures: float [B, C, H, W] to float [R, B, C, H, W].
        penalty: added to each restart's loss, float [R].
        settings: steps and batch.
        seed: of the pictures each step sees.

    Yields:
        After each step the losses before it, float [R].
    """
    device = split.images.device
    generator = torch.Generator().manual_seed(seed)
    parameters = [values.requires_grad_() for values in parameters]
    optimizer = torch.optim.Adam(parameters, lr=settings.learning_rate)
    for _ in range(settings.steps):
        chosen = torch.randint(len(split), (settings.batch,), generator=generator).to(device)
        labels = split.labels[chosen]
        with torch.enable_grad():
            inputs = applied(as_floats(split.images[chosen]))
            restarts = len(inputs)
            stacked = inputs.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            logits = _answers(network, stacked)
            losses = F.cross_entropy(logits.float(), labels.repeat(restarts), reduction="none")
            losses = losses.view(restarts, -1).mean(1) + penalty()
        wanted = torch.autograd.grad(losses.sum(), parameters, materialize_grads=True) if losses.requires_grad else None
        for values, gradient in zip(parameters, wanted or map(torch.zeros_like, parameters), strict=True):
            values.grad = gradient
        optimizer.step()
        yield losses.detach()
