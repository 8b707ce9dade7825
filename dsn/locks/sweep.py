"""Accuracy under many serials: exact, but several times faster than a forward pass for each.

A stamp covers a few pixels, and a 3x3 convolution lets what they change spread by one pixel, a 5x5 by two.
So each picture goes through the whole network once, raw, and then, for every serial, only through the
window of each layer that the stamp reaches. Outside that window the raw values hold.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dsn.applications.prepared import as_floats
from dsn.locks.stamping import StampPlace
from dsn.networks.classifier import Classifier

BATCH = 2000

Progress = Callable[[int, int], None]
Passed = tuple[nn.Conv2d | nn.MaxPool2d | nn.Linear, Tensor]  # a layer, and what it is given


class Swept(Protocol):
    """Pictures made ready to be stamped with one pattern after another."""

    def logits(self, bits: Tensor) -> Tensor:
        """Logits, float32 [N, classes], of the pictures stamped with `bits`, [K] in [0, 1]."""


def sweep_accuracy(
    ready: Callable[[Tensor], Swept],
    images: Tensor,
    labels: Tensor,
    bits: Tensor,
    *,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Tensor:
    """How many pictures are answered right under each of many serials.

    Args:
        ready: makes a batch of pictures ready, such as `student.swept`.
        images: float [N, C, H, W] in [0, 1], or uint8.
        labels: int64 [N].
        bits: [S, K] in [0, 1], one serial a row.
        batch: pictures at a time.
        progress: told (pictures done, pictures in all) after each batch.

    Returns:
        int64 [S], each from 0 to N, on the network's device.
    """
    found = sweep_predictions(ready, images, bits, batch=batch, progress=progress)
    return (found == labels.to(found.device)).sum(1)


@torch.inference_mode()
def sweep_predictions(
    ready: Callable[[Tensor], Swept],
    images: Tensor,
    bits: Tensor,
    *,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Tensor:
    """The answered class of every picture under each of many serials.

    Arguments as in `sweep_accuracy`.

    Returns:
        int64 [S, N], on the network's device.
    """
    found = []
    for start in range(0, len(images), batch):
        pictures = images[start : start + batch]
        stamped = ready(pictures)
        found.append(torch.stack([stamped.logits(serial).argmax(1) for serial in bits]))
        if progress is not None:
            progress(start + len(pictures), len(images))
    return torch.cat(found, 1)


@torch.inference_mode()
def raw_pass(network: Classifier, images: Tensor, dtype: torch.dtype = torch.float32) -> Iterator[Passed]:
    """The layers of a network up to the dense one, each with what it is given on raw pictures.

    Args:
        network: in eval mode; left as it is.
        images: float [N, C, H, W] in [0, 1], or uint8.
        dtype: of the arithmetic, float32 or bfloat16.
    """
    raw = images.to(network.predictor.weight.device)
    if raw.dtype == torch.uint8:
        raw = as_floats(raw)
    raw = raw.to(dtype, memory_format=torch.channels_last)
    for layer in _folded_layers(network.extractor, dtype):
        yield layer, raw
        raw = F.relu(layer(raw))
    yield next(module for module in network.extractor if isinstance(module, nn.Linear)), raw


class StampedBatch:
    """Pictures whose raw pass is done, ready to be stamped with one serial after another.

    Convolutions, pooling and the window's part of the dense layer run in the raw pass's arithmetic, what follows in
    float32.

    Args:
        network: that the raw pass is of.
        passed: what `raw_pass` gives; as a list it serves one place after another.
        place: where the bits go; scattered ones are right too, but fast only if they lie close together.
    """

    @torch.inference_mode()
    def __init__(self, network: Classifier, passed: Iterable[Passed], place: StampPlace) -> None:
        rows = range(min(place.rows), max(place.rows) + place.cell)
        columns = range(min(place.columns), max(place.columns) + place.cell)
        self._predictor, device = network.predictor, network.predictor.weight.device
        self._rows = torch.tensor(place.pixels[0], device=device) - rows.start
        self._columns = torch.tensor(place.pixels[1], device=device) - columns.start
        self._pixels_a_bit = place.cell**2

        self._steps: list[_Step] = []
        for layer, raw in passed:
            if not self._steps:
                self._stamped = _cut(raw, rows, columns)
            if isinstance(layer, nn.Linear):
                self._end(layer, raw, rows, columns)
                break
            step = _Step(layer, raw, rows, columns)
            rows, columns = step.rows, step.columns
            self._steps.append(step)

    def _end(self, dense: nn.Linear, raw: Tensor, rows: range, columns: range) -> None:
        """Take the dense layer's weights for what a stamp changes of its input, and what it makes of the rest."""
        weights = dense.weight.unflatten(1, raw.shape[1:])[:, :, rows.start : rows.stop, columns.start : columns.stop]
        self._weights = weights.permute(0, 2, 3, 1).flatten(1).to(raw.dtype)  # in the order of channels_last
        around = raw.to(torch.float32, copy=True)
        around[:, :, rows.start : rows.stop, columns.start : columns.stop] = 0
        self._around = dense(around.flatten(1))

    @torch.inference_mode()
    def logits(self, bits: Tensor) -> Tensor:
        """Logits, float32 [N, classes], of the pictures stamped with `bits`, [K] or [N, 1, K], in [0, 1]."""
        values = bits.repeat_interleave(self._pixels_a_bit, -1) if self._pixels_a_bit > 1 else bits
        self._stamped[:, :, self._rows, self._columns] = values.to(self._stamped.dtype)
        values = self._stamped
        for step in self._steps:
            values = step.run(values)
        inside = F.linear(F.relu(values).permute(0, 2, 3, 1).flatten(1), self._weights)
        return self._predictor(F.relu(self._around + inside))


class _Step:
    """One convolution or pooling, on the part of its input that the stamp reaches and that part's border.

    Args:
        layer: a convolution of odd size that keeps height and width, or 2x2 max-pooling.
        raw: its input on raw pictures, [N, C, H, W].
        rows: of `raw` that a stamp changes.
        columns: of `raw` that a stamp changes.

    Attributes:
        rows: of its output that a stamp changes.
        columns: of its output that a stamp changes.
    """

    def __init__(self, layer: nn.Conv2d | nn.MaxPool2d, raw: Tensor, rows: range, columns: range) -> None:
        height, width = raw.shape[2:]
        if isinstance(layer, nn.Conv2d):
            reach = layer.kernel_size[0] // 2
            self.rows, self.columns = _grown(rows, reach, height), _grown(columns, reach, width)
            needed = [range(span.start - reach, span.stop + reach) for span in (self.rows, self.columns)]
            padded = F.pad(raw, (reach, reach, reach, reach))
            self._input = _cut(padded, *(range(span.start + reach, span.stop + reach) for span in needed))
            self._run = lambda values: F.conv2d(values, layer.weight, layer.bias)
        else:
            self.rows, self.columns = _halved(rows, height), _halved(columns, width)
            needed = [range(2 * span.start, 2 * span.stop) for span in (self.rows, self.columns)]
            self._input = _cut(raw, *needed)
            self._run = _pooled
        changed = [
            slice(span.start - need.start, span.stop - need.start)
            for span, need in zip((rows, columns), needed, strict=True)
        ]
        self._changed = self._input[:, :, *changed]

    def run(self, values: Tensor) -> Tensor:
        """The changed part of the output, before ReLU, from the changed part of the input, before ReLU."""
        height, width = self._changed.shape[2:]  # less than the values' where pooling drops the last row or column
        torch.clamp_min(values[:, :, :height, :width], 0, out=self._changed)  # ReLU and paste in one pass
        return self._run(self._input)


def _folded_layers(extractor: nn.Sequential, dtype: torch.dtype) -> list[nn.Conv2d | nn.MaxPool2d]:
    """Copies of the convolutions, each with its BatchNorm folded in where it has one, and the pooling layers."""
    layers: list[nn.Conv2d | nn.MaxPool2d] = []
    for module, after in pairwise([*extractor, None]):
        if isinstance(module, nn.Conv2d):
            folded = fuse_conv_bn_eval(module, after) if isinstance(after, nn.BatchNorm2d) else copy.deepcopy(module)
            layers.append(folded.to(dtype).to(memory_format=torch.channels_last))
        elif isinstance(module, nn.MaxPool2d):
            layers.append(module)
    return layers


def _pooled(values: Tensor) -> Tensor:
    """2x2 max-pooling of even heights and widths: the module also notes where each maximum was, and takes longer."""
    upper_or_lower = torch.maximum(values[:, :, ::2], values[:, :, 1::2])
    return torch.maximum(upper_or_lower[..., ::2], upper_or_lower[..., 1::2])


def _cut(values: Tensor, rows: range, columns: range) -> Tensor:
    """A copy of these rows and columns of [N, C, H, W]."""
    part = values[:, :, rows.start : rows.stop, columns.start : columns.stop]
    return part.clone(memory_format=torch.channels_last)


def _grown(span: range, reach: int, size: int) -> range:
    """Rows (or columns) of a convolution's output that a change of `span` reaches."""
    return range(max(0, span.start - reach), min(size, span.stop + reach))


def _halved(span: range, size: int) -> range:
    """Rows (or columns) of a 2x2 pooling's output that a change of `span` reaches.

    None of them, where it reaches only the last of an odd number, which pooling drops.
    """
    return range(span.start // 2, min(-(-span.stop // 2), size // 2))
