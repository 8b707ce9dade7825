"""Fine-tuning in no hurry: many passes over the pictures.

The adversary has the weights and a share of the labelled training pictures, and no serial. The other attacks train
on a fixed number of pictures, in which a network begun with nothing is far from done. Here it is brought near its
end: without the student, the same pictures train a fresh network for as many passes, so that what is left between
the two is what the stolen convolutions are worth. Only the ways that get anywhere are tried: fresh dense layers,
and a fresh last convolution too. Not in the paper.
"""

from dsn.attacks import fine_tuning
from dsn.attacks.kit.record import NO_HEAD_START, Attack, Drawn, Line, Needs, none_better
from dsn.attacks.kit.training import SCRATCH, Schedule

WAYS = ("fresh_dense", "fresh_last_convolution")
FULL = fine_tuning.Settings(Schedule(epochs=20, pictures=None), WAYS)
QUICK = fine_tuning.Settings(Schedule(epochs=4, pictures=None, looks=4), WAYS)


attack = fine_tuning.attack


ATTACK = Attack(
    "patient-tuning",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike=NO_HEAD_START),
    curves=(Drawn("fresh_dense", "fresh_dense", "absent"), Drawn(SCRATCH, "scratch", "ink")),
    lines=(
        Line("fine-tuning in no hurry, the best way", ("best",)),
        Line("fine-tuning in no hurry, minus scratch", ("best_minus_scratch",), bar=none_better),
    ),
)
