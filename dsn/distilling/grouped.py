"""Several students of one shape as one network: grouped convolutions and batched dense layers.

On a GPU a small network leaves most of the card idle, and launching its kernels takes longer than running them;
here every kernel serves all students at once. Sums run in another order than in a student alone: results agree
to rounding.
"""

import copy
from collections.abc import Iterator, Sequence
from itertools import takewhile

import torch
from torch import Tensor, nn

from dsn.student.student import Student


class Grouped(nn.Module):
    """Copies of the students' weights, side by side; `write_back` gives them what was learned.

    BatchNorm keeps the students' statistics as they are.

    Args:
        students: of one network shape, on one device.
    """

    def __init__(self, students: Sequence[Student]) -> None:
        super().__init__()
        self.students = list(students)
        layers = zip(*(student.extractor for student in students), strict=True)
        before = takewhile(lambda parts: not isinstance(parts[0], nn.Flatten), layers)
        self.steps = nn.ModuleList(self._side_by_side(list(parts)) for parts in before)
        self.dense = nn.Parameter(torch.stack([one.weight.detach().mT for one in self._dense()]))
        self.bias = nn.Parameter(torch.stack([one.bias.detach() for one in self._dense()])[:, None])
        self.predictor = nn.Parameter(torch.stack([one.predictor.weight.detach().mT for one in students]))

    def _dense(self) -> Iterator[nn.Linear]:
        for student in self.students:
            dense = student.extractor[-2]
            assert isinstance(dense, nn.Linear)
            yield dense

    @staticmethod
    def _side_by_side(parts: list[nn.Module]) -> nn.Module:
        first, count = parts[0], len(parts)
        state = {
            name: torch.cat([part.state_dict()[name] for part in parts]) if value.dim() else value
            for name, value in first.state_dict().items()
        }
        grouped: nn.Module = copy.deepcopy(first)
        if isinstance(first, nn.Conv2d):
            height, width = first.kernel_size
            assert height == width and isinstance(first.padding, tuple)
            grouped = nn.Conv2d(
                first.in_channels * count, first.out_channels * count, height, padding=first.padding[0], groups=count,
                bias=False,
            )  # fmt: skip
        elif isinstance(first, nn.BatchNorm2d):
            grouped = nn.BatchNorm2d(first.num_features * count, first.eps).eval()
        grouped.load_state_dict(state)
        return grouped.to(next(iter(state.values())).device if state else "cpu")

    def drives(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What each student's last ReLU is given, float [N, D], for its own pictures, float [N, C, H, W]."""
        values = torch.cat(list(inputs), 1)
        for module in self.steps:
            values = module(values)
        count = len(self.students)
        flat = values.reshape(len(values), count, -1).transpose(0, 1)
        return torch.baddbmm(self.bias.to(flat.dtype), flat, self.dense.to(flat.dtype)).unbind()

    def predictions(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Each student's logits, float [N, classes], for its own features, float [N, D]."""
        values = torch.stack(list(features))
        return (values @ self.predictor.to(values.dtype)).unbind()

    @torch.no_grad()
    def write_back(self) -> None:
        """Give every student its own weights again."""
        for index, student in enumerate(self.students):
            for own, grouped in zip(student.extractor, self.steps, strict=False):
                for name, value in own.named_parameters():
                    value.copy_(grouped.get_parameter(name).chunk(len(self.students))[index])
            dense = student.extractor[-2]
            assert isinstance(dense, nn.Linear)
            dense.weight.copy_(self.dense[index].mT)
            dense.bias.copy_(self.bias[index, 0])
            student.predictor.weight.copy_(self.predictor[index].mT)
