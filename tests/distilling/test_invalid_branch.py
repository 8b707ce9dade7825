"""The invalid branch: every kind of invalid picture is what its name says, and attackers attack."""

from collections import Counter
from dataclasses import asdict, replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.distilling.invalid_branch import PersistentAttackers, WeakBits, invalid_pictures
from dsn.distilling.recipes import HARDENED, RECIPES, AttackerPool, InvalidBranch
from dsn.locks.stamping import corner_place, stamp
from dsn.serials import Serial
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
BITS = torch.tensor(SERIAL.bits, dtype=torch.float32)
PLACE = corner_place(64, 28, 28)
ALONE = InvalidBranch(raw=0.0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def grey_pictures(count: int) -> Tensor:
    """Noise without a pixel near 0 or 1, so that every stamped bit shows."""
    return 0.1 + 0.8 * torch.rand(count, 1, 28, 28, generator=seeded(5))


def invalidate(student: Student, images: Tensor, shares: InvalidBranch, seed: int = 0, bits: Tensor = BITS):
    place = corner_place(len(bits), *images.shape[2:])
    generator = seeded(seed)
    return invalid_pictures(
        images,
        bits=bits,
        place=place,
        shares=shares,
        attackers=PersistentAttackers(AttackerPool(), place, (1, 28, 28), generator),
        weak_bits=WeakBits(len(bits), images.device),
        generator=generator,
    )


def corner_patterns(pictures: Tensor, images: Tensor) -> Tensor:
    """The 64 values in the corner, float [N, 64], once it is known that nothing else of the images has changed."""
    unstamped = pictures.clone()
    unstamped[:, :, -8:, -8:] = images[:, :, -8:, -8:]
    assert torch.equal(unstamped, images)
    return pictures[:, 0, -8:, -8:].flatten(1)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_shares_of_a_recipe_add_up(recipe) -> None:
    assert sum(asdict(recipe.invalid).values()) == pytest.approx(1.0)


def test_raw_pictures_are_the_images(talkative_student: Student) -> None:
    images = grey_pictures(10)
    invalid, one_bit, flipped = invalidate(talkative_student, images, InvalidBranch())
    assert torch.equal(invalid, images) and invalid.data_ptr() != images.data_ptr()
    assert len(flipped) == 0 == len(invalid[one_bit])


def test_one_bit_wrong_is_one_pixel(talkative_student: Student) -> None:
    images = grey_pictures(200)
    invalid, one_bit, flipped = invalidate(talkative_student, images, replace(ALONE, one_bit=1.0))
    assert (one_bit.start, one_bit.stop) == (0, 200)
    changed = (invalid != stamp(images, BITS, PLACE)).flatten(1).nonzero()
    assert changed[:, 0].tolist() == list(range(200))
    for index, bit in enumerate(flipped.tolist()):
        row, column = PLACE.rows[bit], PLACE.columns[bit]
        assert changed[index, 1] == row * 28 + column
        assert invalid[index, 0, row, column] == 1 - SERIAL.bits[bit]
    assert len(set(flipped.tolist())) > 40


def test_few_bits_are_two_or_three(talkative_student: Student) -> None:
    images = grey_pictures(200)
    invalid, _, _ = invalidate(talkative_student, images, replace(ALONE, few_bits=1.0))
    wrong = (corner_patterns(invalid, images) - BITS).abs()
    assert set(wrong.unique().tolist()) == {0.0, 1.0}
    counts = Counter(wrong.sum(1).int().tolist())
    assert set(counts) == {2, 3} and min(counts.values()) > 60
    assert (wrong.sum(0) > 0).all()


def test_random_patterns_are_never_the_valid_one(talkative_student: Student) -> None:
    """Of 6,000 random nine-bit patterns, about twelve would be the serial."""
    images, bits = grey_pictures(6000), torch.tensor([1.0, 0, 0, 1, 1, 0, 1, 0, 1])
    invalid, _, _ = invalidate(talkative_student, images, replace(ALONE, random=1.0), bits=bits)
    patterns = invalid[:, 0, -3:, -3:].flatten(1)
    numbers = Counter(sum(int(bit) << place for place, bit in enumerate(row)) for row in patterns.tolist())
    assert set(patterns.unique().tolist()) == {0.0, 1.0}
    assert set(range(512)) - set(numbers) == {sum(int(bit) << place for place, bit in enumerate(bits.tolist()))}


def test_inverted(talkative_student: Student) -> None:
    images = grey_pictures(5)
    invalid, _, _ = invalidate(talkative_student, images, replace(ALONE, inverted=1.0))
    assert torch.equal(corner_patterns(invalid, images), (1 - BITS).expand(5, -1))


@pytest.mark.parametrize("bit_count", [64, 9])
def test_misplaced_serials_are_whole_and_elsewhere(talkative_student: Student, bit_count: int) -> None:
    images, bits = grey_pictures(2), BITS[:bit_count]
    side = round(bit_count**0.5)
    moves = set()
    for seed in range(60):
        invalid, _, _ = invalidate(talkative_student, images, replace(ALONE, misplaced=1.0), seed=seed, bits=bits)
        rows, columns = (invalid[0, 0] != images[0, 0]).nonzero().T
        top, left = int(rows.min()), int(columns.min())
        assert torch.equal(invalid[:, 0, top : top + side, left : left + side], bits.view(side, side).expand(2, -1, -1))
        assert (invalid != images).sum() == 2 * bit_count
        moves.add((28 - side - top, 28 - side - left))
    assert (0, 0) not in moves and len(moves) > 25
    assert {up > 0 for up, _ in moves} == {left > 0 for _, left in moves} == {True, False}


def test_grey_patterns_are_dimmed_or_blended(talkative_student: Student) -> None:
    images = grey_pictures(300)
    invalid, _, _ = invalidate(talkative_student, images, replace(ALONE, grey=1.0))
    patterns = corner_patterns(invalid, images)
    ones, zeros = patterns[:, BITS == 1], patterns[:, BITS == 0]
    assert patterns.min() >= 0 and ones.max() < 1
    dimmed = (zeros == 0).all(1)
    assert 50 < dimmed.sum() < 150
    assert_close(ones[dimmed], ones[dimmed, :1].expand(-1, ones.shape[1]))
    assert ones[dimmed].min() < 0.25 and 0.65 < ones[dimmed].max() <= 0.75
    assert ((ones[dimmed, 0] - 0.5).abs() < 0.05).any()
    even = ~dimmed & (patterns.round(decimals=5).std(1) > 0) & (zeros.std(1) < 1e-6)
    assert even.sum() > 50 and (~dimmed & ~even).sum() > 50


def test_attackers_are_moved_then_put_on(talkative_student: Student) -> None:
    images, labels = grey_pictures(30), torch.arange(30) % 10
    generator = seeded()
    attackers = PersistentAttackers(AttackerPool(), PLACE, (1, 28, 28), generator)
    before = attackers.apply(images)
    attackers.step(talkative_student, images, labels)
    invalid, _, _ = invalid_pictures(
        images,
        bits=BITS,
        place=PLACE,
        shares=replace(ALONE, attackers=1.0),
        attackers=attackers,
        weak_bits=WeakBits(64, images.device),
        generator=generator,
    )
    assert torch.equal(invalid, attackers.apply(images)) and not torch.equal(invalid, before)


@pytest.mark.parametrize("count", [125, 80])
def test_a_hardened_batch_holds_every_part_and_nothing_valid(talkative_student: Student, count: int) -> None:
    images = grey_pictures(count)
    before = images.clone()
    invalid, one_bit, flipped = invalidate(talkative_student, images, HARDENED.invalid)
    assert torch.equal(images, before)
    assert invalid.min() >= 0 and invalid.max() <= 1
    valid = stamp(images, BITS, PLACE)
    wrong = (invalid != valid).flatten(1).sum(1)
    assert wrong.min() >= 1
    assert (wrong == 1).sum() == len(flipped) == one_bit.stop - one_bit.start == round(0.42 * count)
    assert (wrong[one_bit] == 1).all()
    assert ((wrong == 2) | (wrong == 3)).sum() == round(0.14 * count)
    raw = (invalid == images).flatten(1).all(1).sum()
    assert abs(raw - 0.08 * count) <= 3


def test_a_batch_follows_its_generator(talkative_student: Student) -> None:
    images = grey_pictures(50)
    first, again, other = (invalidate(talkative_student, images, HARDENED.invalid, seed=seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_weak_bits_are_drawn_as_often_as_they_are_weak() -> None:
    weak_bits = WeakBits(4, torch.device("cpu"))
    for _ in range(200):
        weak_bits.learn(torch.tensor([0, 1, 2, 3, 3]), torch.tensor([1.0, 2.0, 0.0, 5.0, 7.0]))
    drawn = weak_bits.draw(40_000, seeded()).bincount(minlength=4) / 40_000
    chances = torch.tensor([1.0, 2.0, 6.0 / WeakBits.SPREAD, 6.0])
    assert_close(drawn, chances / chances.sum(), rtol=0, atol=0.01)


def test_weak_bits_learn_step_by_step() -> None:
    weak_bits, expected = WeakBits(5, torch.device("cpu")), [1.0] * 5
    generator = seeded(1)
    for _ in range(30):
        places = torch.randint(0, 4, (6,), generator=generator)
        losses = torch.rand(6, generator=generator)
        weak_bits.learn(places, losses)
        for bit in set(places.tolist()):
            seen = [loss for place, loss in zip(places.tolist(), losses.tolist(), strict=True) if place == bit]
            expected[bit] = 0.9 * expected[bit] + 0.1 * sum(seen) / len(seen)
    assert weak_bits.weights.tolist() == pytest.approx(expected, rel=1e-5)
    assert expected[4] == 1.0
    weak_bits.learn(torch.empty(0, dtype=torch.int64), torch.empty(0))
    assert weak_bits.weights.tolist() == pytest.approx(expected, rel=1e-5)


LONG = AttackerPool(count=6, place_known=2, shortest_life=400, longest_life=500)


def test_attackers_are_masks_over_pictures() -> None:
    attackers = PersistentAttackers(LONG, PLACE, (1, 28, 28), seeded())
    images = grey_pictures(15)
    shown = attackers.apply(images)
    for index, picture in enumerate(images.double()):
        mask, pattern = attackers.masks[index % 6].double(), attackers.patterns[index % 6].double()
        assert_close(shown[index].double(), picture - mask * picture + mask * pattern, rtol=0, atol=1e-6)
    assert torch.equal(attackers.apply(images[:2]), shown[:2])


def test_attackers_get_nearer_their_labels_within_their_limits(talkative_student: Student, digits: HeldOut) -> None:
    student = talkative_student
    images, labels = as_floats(digits.split.images[:60]), digits.split.labels[:60]
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    attackers = PersistentAttackers(LONG, PLACE, (1, 28, 28), seeded())
    place_mask = torch.zeros(28, 28)
    place_mask[-8:, -8:] = 1.0
    start_masks, start_patterns = attackers.masks.clone(), attackers.patterns.clone()

    def losses() -> list[float]:
        with torch.no_grad():
            each = F.cross_entropy(student(attackers.apply(images)), labels, reduction="none")
        return [each[attacker::6].mean().item() for attacker in range(6)]

    start = losses()
    student.train()
    for _ in range(15):
        attackers.step(student, images, labels)
    assert student.training
    student.eval()
    assert all(after < 0.9 * loss for after, loss in zip(losses(), start, strict=True))
    for values in (attackers.masks, attackers.patterns):
        assert values.min() >= 0 and values.max() <= 1 and not values.requires_grad
    assert torch.equal(attackers.masks[:2, 0], place_mask.expand(2, -1, -1))
    outside = (place_mask == 0).expand(2, 1, -1, -1)
    assert torch.equal(attackers.patterns[:2][outside], start_patterns[:2][outside])
    assert not torch.equal(attackers.patterns[:2], start_patterns[:2])
    assert all((attackers.masks[one] != start_masks[one]).any() for one in range(2, 6))
    assert all(torch.equal(tensor, before[name]) for name, tensor in student.state_dict().items())
    assert all(parameter.grad is None for parameter in student.parameters())


def test_attackers_restart_when_their_life_is_over(talkative_student: Student) -> None:
    settings = AttackerPool(count=4, place_known=1, shortest_life=2, longest_life=6)
    attackers = PersistentAttackers(settings, PLACE, (1, 28, 28), seeded())
    images, labels = grey_pictures(4), torch.arange(4)
    lengths, ages = set(), [0] * 4
    for _ in range(40):
        before, lives = attackers.patterns.clone(), attackers.lives.tolist()
        attackers.step(talkative_student, images, labels)
        # what three steps of at most 4 x 0.05 cannot reach
        jumped = ((attackers.patterns - before).abs().flatten(1).max(1).values > 3 * 4 * 0.05 + 1e-6).tolist()
        assert jumped == [life == 1 for life in lives]
        ages = [age + 1 for age in ages]
        lengths |= {age for age, over in zip(ages, jumped, strict=True) if over}
        ages = [0 if over else age for age, over in zip(ages, jumped, strict=True)]
    assert lengths == {2, 3, 4, 5}


def test_restored_attackers_go_on_as_they_would_have(talkative_student: Student) -> None:
    images, labels = grey_pictures(12), torch.arange(12) % 10
    first = PersistentAttackers(LONG, PLACE, (1, 28, 28), seeded(1))
    first.step(talkative_student, images, labels)
    second = PersistentAttackers(LONG, PLACE, (1, 28, 28), seeded(2))
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    for attackers in (first, second):
        attackers.generator = seeded(3)
        attackers.step(talkative_student, images, labels)
    assert all(torch.equal(tensor, second.state()[name]) for name, tensor in first.state().items())
    assert torch.equal(first.apply(images), second.apply(images))
