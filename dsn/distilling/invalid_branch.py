"""The invalid branch: pictures that must not be recognised, from raw ones to an attacker's best try."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.distilling.recipes import AttackerPool, InvalidBranch
from dsn.locks.stamping import CORNER, PLACES, StampPlace, stamp


def _wrong_bits(bits: Tensor, wrong: Tensor, generator: torch.Generator) -> Tensor:
    """The pattern `bits` [K] with `wrong` [N] bits of each copy changed, at random: float [N, K]."""
    shuffled = torch.rand(len(wrong), len(bits), generator=generator, device=bits.device).argsort(1).argsort(1)
    return (bits - (shuffled < wrong[:, None]).to(bits.dtype)).abs()


class WeakBits:
    """Which single wrong bits the student still overlooks: those are flipped most often.

    Args:
        count: bits of the serial.
        device: of the training.
    """

    MEMORY = 0.9  # share of the old weight kept in a batch that flips the bit
    SPREAD = 20.0  # how much more often than the easiest the hardest bit may be drawn

    def __init__(self, count: int, device: torch.device) -> None:
        self.weights = torch.ones(count, device=device)

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """Places of the bits to flip, int64 [size]."""
        chances = self.weights.clamp_min(self.weights.max() / self.SPREAD)
        return torch.multinomial(chances, size, replacement=True, generator=generator)

    def learn(self, places: Tensor, losses: Tensor) -> None:
        """Note how far from even the answers were, float [size], when these bits were flipped."""
        sums = torch.zeros_like(self.weights).index_add_(0, places, losses.float())
        counts = torch.zeros_like(self.weights).index_add_(0, places, torch.ones_like(losses.float()))
        seen = self.MEMORY * self.weights + (1 - self.MEMORY) * sums / counts.clamp_min(1)
        self.weights = torch.where(counts > 0, seen, self.weights).clamp_min(1e-6)


class PersistentAttackers:
    """Universal masks and patterns that descend towards right answers for many batches.

    An attacker turns a picture x into (1 - mask) * x + mask * pattern, one mask and pattern for all
    pictures: Eq. 10's adversary, kept alive while the student learns to resist it.

    Args:
        settings: how many, how fast, how long.
        place: the stamp's place, for those that know it.
        shape: (channels, height, width) of the pictures.
        generator: randomness, on the training device.
    """

    def __init__(
        self, settings: AttackerPool, place: StampPlace, shape: tuple[int, int, int], generator: torch.Generator
    ) -> None:
        self.settings = settings
        self.generator = generator
        channels, height, width = shape
        device = generator.device
        self.masks = torch.zeros(settings.count, 1, height, width, device=device)
        self.patterns = torch.zeros(settings.count, channels, height, width, device=device)
        self.lives = torch.zeros(settings.count, dtype=torch.int64, device=device)
        self.place_mask = torch.zeros(height, width, device=device)
        self.place_mask[list(place.pixels[0]), list(place.pixels[1])] = 1.0
        self.knows_place = torch.arange(settings.count, device=device) < settings.place_known
        self._restart_the_dead()

    def _restart_the_dead(self) -> None:
        def draw(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=self.generator, device=self.masks.device)

        dead = self.lives <= 0
        span = self.settings.longest_life - self.settings.shortest_life
        lives = (self.settings.shortest_life + draw(len(dead)) * span).long()
        masks = draw(*self.masks.shape) * draw(len(dead), 1, 1, 1)
        masks = torch.where(self.knows_place[:, None, None, None], self.place_mask, masks)
        self.masks = torch.where(dead[:, None, None, None], masks, self.masks)
        self.patterns = torch.where(dead[:, None, None, None], draw(*self.patterns.shape), self.patterns)
        self.lives = torch.where(dead, lives, self.lives)

    def apply(self, images: Tensor) -> Tensor:
        """Put the masks on `images`, float [N, C, H, W]: attacker i mod count on picture i."""
        repeats = -(-len(images) // len(self.masks))
        masks = self.masks.repeat(repeats, 1, 1, 1)[: len(images)]
        patterns = self.patterns.repeat(repeats, 1, 1, 1)[: len(images)]
        return (1 - masks) * images + masks * patterns

    def step(self, student: nn.Module, images: Tensor, labels: Tensor) -> None:
        """Move every attacker towards `labels`, int64 [N], on `images`, float [N, C, H, W].

        The student answers with its running BatchNorm statistics, as it would to a thief.
        """
        was_training = student.training
        student.eval()
        step_together([self], lambda inputs: [student(one) for one in inputs], images, labels)
        student.train(was_training)

    def grow_older(self) -> None:
        """One batch less to live; the dead restart from random values."""
        self.lives = self.lives - 1
        self._restart_the_dead()

    def state(self) -> dict[str, Tensor]:
        """What to keep in a training checkpoint."""
        return {"masks": self.masks, "patterns": self.patterns, "lives": self.lives}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from `state()`."""
        self.masks, self.patterns, self.lives = state["masks"], state["patterns"], state["lives"]


def step_together(
    pools: Sequence[PersistentAttackers],
    answering: Callable[[list[Tensor]], Sequence[Tensor]],
    images: Tensor,
    labels: Tensor,
) -> None:
    """Move the attackers of several students at once, each pool against its own student.

    Args:
        pools: of one setting.
        answering: every student's logits, float [N, classes], for its own pictures, float [N, C, H, W].
        images: float [N, C, H, W], the same for all.
        labels: int64 [N].
    """
    settings = pools[0].settings
    for _ in range(settings.steps):
        values = [tensor.requires_grad_() for pool in pools for tensor in (pool.masks, pool.patterns)]
        answers = answering([pool.apply(images) for pool in pools])
        losses = [F.cross_entropy(logits, labels, reduction="sum") for logits in answers]
        gradients = torch.autograd.grad(torch.stack(losses).sum(), values)
        moved = []
        for tensor, gradient in zip(values, gradients, strict=True):
            mean = gradient.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
            change = settings.step_size * (gradient / mean).clamp(-4, 4)
            moved.append((tensor.detach() - change).clamp(0, 1))
        for index, pool in enumerate(pools):
            known = pool.knows_place[:, None, None, None]
            pool.masks = torch.where(known, pool.masks.detach(), moved[2 * index])
            pool.patterns = moved[2 * index + 1]
    for pool in pools:
        pool.grow_older()


def attacked_count(shares: InvalidBranch, count: int) -> int:
    """How many of a batch's pictures, the first ones, carry the attackers' masks."""
    return min(round(shares.attackers * count), count)


def invalid_pictures(
    images: Tensor,
    *,
    bits: Tensor,
    place: StampPlace,
    shares: InvalidBranch,
    attackers: PersistentAttackers | None = None,
    weak_bits: WeakBits,
    generator: torch.Generator,
    profile: str = CORNER,
) -> tuple[Tensor, slice, Tensor]:
    """Make a batch invalid, each part of it in its own way.

    Args:
        images: float [N, C, H, W] in [0, 1].
        bits: the valid serial, float [K].
        place: where the student expects it.
        shares: the parts' sizes; what rounding leaves over stays raw.
        attackers: put on their part, the first `attacked_count` pictures; `step_together` moves them before. None
            where the shares have no such part.
        weak_bits: which bits to flip where one is wrong.
        generator: randomness, on the pictures' device.
        profile: how the serial lies in the picture, for misplacing it.

    Returns:
        A new batch, float [N, C, H, W]; the part of it with one bit wrong; which bit, int64.
    """
    count, device = len(bits), images.device
    invalid = images.clone()
    used = 0

    def take(share: float) -> slice:
        nonlocal used
        part = slice(used, min(used + round(share * len(images)), len(images)))
        used = part.stop
        return part

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    def draw_integers(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, shape, generator=generator, device=device)

    part = take(shares.attackers)
    if attackers and part.stop > part.start:
        invalid[part] = attackers.apply(images[part])

    one_bit = take(shares.one_bit)
    flipped = weak_bits.draw(max(one_bit.stop - one_bit.start, 1), generator)[: one_bit.stop - one_bit.start]
    wrong = F.one_hot(flipped, count).to(bits.dtype)
    invalid[one_bit] = stamp(images[one_bit], (bits - wrong).abs(), place)

    part = take(shares.few_bits)
    size = part.stop - part.start
    invalid[part] = stamp(images[part], _wrong_bits(bits, draw_integers(2, 4, size), generator), place)

    part = take(shares.random)
    patterns = draw_integers(0, 2, part.stop - part.start, count).to(bits.dtype)
    is_valid = (patterns == bits).all(1)
    patterns[is_valid] = 1 - bits
    invalid[part] = stamp(images[part], patterns, place)

    part = take(shares.inverted)
    invalid[part] = stamp(images[part], 1 - bits, place)

    part = take(shares.misplaced)
    height, width = images.shape[2:]
    side = round(count**0.5) * place.cell
    up, left, axis = draw_integers(0, 6 * side, 3).tolist()
    up, left = 1 + up % min(2 * side, height - side), 1 + left % min(2 * side, width - side)
    up, left = ((up, 0), (0, left), (up, left))[axis % 3]
    elsewhere = PLACES[profile](count, height, width, up=up, left=left, cell=place.cell)
    invalid[part] = stamp(images[part], bits, elsewhere)

    part = take(shares.grey)
    size = part.stop - part.start
    even = draw(size, 1).expand(size, count)
    grey = torch.where(draw(size, 1) < 0.5, even, draw(size, count))
    dark = draw(size, 1) < 0.3  # a dimmed copy of the serial, half intensity among them
    weight = 0.25 + 0.6 * draw(size, 1)
    invalid[part] = stamp(images[part], (1 - weight) * bits + weight * grey * ~dark, place)
    return invalid, one_bit, flipped
