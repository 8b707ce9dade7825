"""Is a network made from this student's weights, and not from another's? A test with a p-value.

Training on from a student moves its weights, in directions that know nothing of other students. So the suspect S is
compared with a student W and another V on the line between them: t = <S - W, V - W> / <-W, V - W> / 2 is near 0 for a
network made from W, and near 1/2 for one made from neither, however large the weights of W and V are; above that for
one made from V.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.measuring.unlocking import upper_tail

BLOCKS = 100  # parts that the weights are dealt into at random; each has a say of its own
NEAR = 0.25  # largest t of a part that speaks for the student: half way between "from it" and "from neither"
SIGNIFICANT = 1e-6  # largest p-value, after correction, of a student said to be the origin
SEED = 20


@dataclass(frozen=True)
class Closeness:
    """How near a network is to one student, compared with others.

    Attributes:
        distance: |S - W| / |W|, the relative distance of the weights.
        place: the largest t over the others; None where there is no other to compare with.
        p: the probability of so many parts, or more, being near if each were as often far, times the number of
            students compared; 1 where there is no other.
    """

    distance: float
    place: float | None
    p: float

    @property
    def is_origin(self) -> bool:
        """Whether the network was made from this student."""
        return self.place is not None and self.place <= NEAR and self.p <= SIGNIFICANT


def relative_distance(suspect: Tensor, student: Tensor) -> float:
    """|S - W| / |W| of two vectors."""
    return float((suspect - student).norm() / student.norm().clamp_min(1e-12))


def closeness(suspect: Tensor, student: Tensor, others: Iterable[Tensor], compared: int) -> Closeness:
    """Test one student as the origin of a network.

    Args:
        suspect: its flat weights, float [D], in the one form of `alignment` and the student's order.
        student: of the student, float [D].
        others: of students, or of the teacher, that it might as well come from; equal ones are passed over.
        compared: how many students were looked at to choose this one (Bonferroni).
    """
    order = torch.randperm(len(student), generator=torch.Generator().manual_seed(SEED))
    step = suspect - student
    places, tails = [], []
    for other in others:
        way = other - student
        products, squares = (_in_parts(values, order) for values in (step * way, way * way))
        whole = float(squares.sum())
        if whole < 1e-8 * float(student.square().sum()):
            continue  # the same weights: nothing lies between them
        known = squares > 0
        away = -float(student.double() @ way.double())  # not above 0 where V reaches past W: W is not accused then
        near = int((products[known] <= 2 * NEAR * away / whole * squares[known]).sum()) if away > 0 else 0
        places.append(float(products.sum()) / away / 2 if away > 0 else 1.0)
        tails.append(upper_tail(near, int(known.sum()), 0.5))
    distance = relative_distance(suspect, student)
    if not places:
        return Closeness(distance, None, 1.0)
    return Closeness(distance, max(places), min(1.0, compared * max(tails)))


def _in_parts(values: Tensor, order: Tensor) -> Tensor:
    """Sums over random parts, float64 [BLOCKS]."""
    return torch.stack([part.double().sum() for part in values[order].tensor_split(BLOCKS)])
