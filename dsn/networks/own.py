"""An owner's own network, of any architecture, as the paper sees networks: features, and a linear predictor on them."""

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dsn.networks.architectures import ArchitectureError

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what torchvision's weights, and most of timm's, expect
USUAL_SIZE = 224  # pixels, of torchvision's networks
TRIED = 4  # random pictures that an adapted network is compared on
TOLERANCE = 1e-4  # of answers, absolute and relative


@dataclass(frozen=True)
class OwnShape:
    """What an adapted network is besides its architecture and its weights.

    Attributes:
        channels: colour channels of its pictures, 1 or 3.
        size: their height and width, in pixels.
        classes: how many answers.
        mean: taken from each channel of pictures in [0, 1]; the network sees what is left over `std`.
        std: each channel's divisor.
        head: full name of its last linear layer; None for a network that was not taken apart.
        features: D, the length of the feature vector e; 0 where `head` is None.
        thin: whether a thin ReLU layer stands between features and answers.
    """

    channels: int
    size: int
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    head: str | None = None
    features: int = 0
    thin: bool = False


class OwnNetwork(nn.Module):
    """G_y(G_e(x)) around somebody's network; pictures in [0, 1] go in, for its mean and deviation are inside.

    Where its own features are no ReLU's output, a thin layer of two ReLUs a class stands in between: they hold what
    is above and what is below zero of each answer, and the predictor puts the two together again. So the answers are
    the network's own, and features that are all zero make every class equally likely.

    Args:
        model: whose last linear layer is taken out of it (`shape.head`); it is used, not copied.
        shape: of the whole.

    Raises:
        AttributeError: it has no layer of that name.
        ValueError: that layer is no linear one.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, shape: OwnShape) -> None:
        super().__init__()
        self.shape = shape
        dims = (1, shape.channels, 1, 1)
        self.register_buffer("mean", torch.tensor(shape.mean).view(dims), persistent=False)
        self.register_buffer("std", torch.tensor(shape.std).view(dims), persistent=False)
        self.trunk = model
        self.thin = nn.Linear(shape.features, 2 * shape.classes) if shape.thin else None
        if shape.head is not None:
            if not isinstance(model.get_submodule(shape.head), nn.Linear):
                raise ValueError(f"{shape.head} is no linear layer")
            model.set_submodule(shape.head, nn.Identity())
            inputs = 2 * shape.classes if shape.thin else shape.features
            self.predictor = nn.Linear(inputs, shape.classes, bias=not shape.thin)

    def set_normalisation(self) -> None:
        """Take mean and deviation from the shape again: they lie in no file of weights."""
        for held, said in ((self.mean, self.shape.mean), (self.std, self.shape.std)):
            held.copy_(torch.tensor(said, dtype=held.dtype).view_as(held))

    def drive(self, images: Tensor) -> Tensor:
        """What the last ReLU is given, float [N, D], of pictures, float [N, C, S, S] in [0, 1]; e is its positive part.

        Where the network's own features are a ReLU's output, or a mean of them, they are the drive too.
        """
        seen = ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        features = self.trunk(seen)
        return features if self.thin is None else self.thin(features)

    def features(self, images: Tensor) -> Tensor:
        """e = G_e(x): float [N, C, S, S] in [0, 1] to float [N, D], all >= 0."""
        return self.drive(images).relu()

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], of pictures, float [N, C, S, S] in [0, 1]."""
        if self.shape.head is None:
            return self.drive(images)
        return self.predictor(self.features(images))


def adapt(
    model: nn.Module,
    *,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
) -> OwnNetwork:
    """A copy of a network, taken apart into features and linear predictor, with the same answers.

    Args:
        model: normalised pictures, float [N, C, S, S], to logits, float [N, classes]; left as it is.
        size: S; None for what timm says of it, or 224.
        mean: with `std`, what its training pictures were normalised by; None for ImageNet's, or none on grey pictures.
        std: see there.

    Returns:
        The copy: in eval mode, float32, on the CPU, channels_last.

    Raises:
        ArchitectureError: it does not end in a linear layer, or takes no such pictures.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    whole = _shape(model, size, mean, std)
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(TRIED, whole.channels, whole.size, whole.size, generator=generator)
    with torch.inference_mode():
        answers = OwnNetwork(model, whole)(pictures)
        name, head, features = _head(model, (pictures - pictures.mean()) / pictures.std())
    if features.dim() != 2:
        raise ArchitectureError(f"Its last linear layer, {name}, is given {features.dim()} dimensions, and must get 2.")
    # `(x >= 0).all()` holds for a ReLU's outputs, and for means of them.
    shape = OwnShape(
        whole.channels, whole.size, head.out_features, whole.mean, whole.std, name, head.in_features,
        thin=not bool((features >= 0).all()),
    )  # fmt: skip
    adapted = OwnNetwork(model, shape)
    with torch.no_grad():
        _take_head(adapted, head)
    adapted.eval().to(memory_format=torch.channels_last)
    with torch.inference_mode():
        same = torch.allclose(adapted(pictures), answers, atol=TOLERANCE, rtol=TOLERANCE)
    if answers.shape != (TRIED, head.out_features) or not same:
        raise ArchitectureError(
            f"Its answers are not those of its last linear layer, {name}: only networks that end in one can be trained "
            "to want a serial; sealing takes any."
        )
    return adapted


def whole_network(
    model: nn.Module,
    *,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
) -> OwnNetwork:
    """A copy of a network that is not taken apart, for sealing; arguments and errors as in `adapt`."""
    model = copy.deepcopy(model).cpu().float().eval()
    return OwnNetwork(model, _shape(model, size, mean, std)).eval().to(memory_format=torch.channels_last)


def _shape(
    model: nn.Module, size: int | None, mean: tuple[float, ...] | None, std: tuple[float, ...] | None
) -> OwnShape:
    first = next((one for one in model.modules() if isinstance(one, nn.Conv2d)), None)
    channels = first.in_channels if first is not None else 3
    if channels not in (1, 3):
        raise ArchitectureError(f"It takes pictures of {channels} channels: only 1 or 3 can be locked.")
    size = size or _said_size(model)
    usual = IMAGENET if channels == 3 else ((0.0,), (1.0,))
    mean, std = mean or usual[0], std or usual[1]
    if len(mean) != channels or len(std) != channels or min(std) <= 0:
        raise ArchitectureError(f"Mean and deviation must be {channels} numbers each, the deviation above 0.")
    try:
        with torch.inference_mode():
            answers = model(torch.zeros(2, channels, size, size))
        if not isinstance(answers, Tensor) or answers.dim() != 2:
            raise ValueError("its answer is not one row of numbers a picture")
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ArchitectureError(
            f"It does not answer pictures of {size}x{size} pixels with {channels} channels ({reason})."
        ) from error
    return OwnShape(channels, size, answers.shape[1], tuple(mean), tuple(std))


def _said_size(model: nn.Module) -> int:
    said = getattr(model, "pretrained_cfg", None)
    size = said.get("input_size") if isinstance(said, dict) else None
    return size[-1] if isinstance(size, tuple | list) and len(size) == 3 else USUAL_SIZE


def _head(model: nn.Module, pictures: Tensor) -> tuple[str, nn.Linear, Tensor]:
    """The linear layer that is called last: its full name, itself, and what it is given."""
    linear = {name: one for name, one in model.named_modules() if isinstance(one, nn.Linear)}
    with _listening(linear.items()) as heard:
        model(pictures)
    if not heard:
        raise ArchitectureError(
            "It has no linear layer: only networks that end in one can be trained to want a serial; sealing takes any."
        )
    name = next(reversed(heard))
    return name, linear[name], heard[name]


@contextmanager
def _listening(layers: Iterable[tuple[str, nn.Module]]) -> Iterator[dict[str, Tensor]]:
    """What layers are given, by their names, in the order in which they are called."""
    heard: dict[str, Tensor] = {}

    def listen(name: str):
        def hear(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            heard.pop(name, None)
            heard[name] = inputs[0]

        return hear

    hooks = [layer.register_forward_pre_hook(listen(name)) for name, layer in layers]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def _take_head(adapted: OwnNetwork, head: nn.Linear) -> None:
    """The head's weights, in the predictor or in the thin layer before it."""
    bias = head.bias if head.bias is not None else torch.zeros(head.out_features)
    if adapted.thin is None:
        adapted.predictor.weight.copy_(head.weight)
        adapted.predictor.bias.copy_(bias)
        return
    adapted.thin.weight.copy_(torch.cat([head.weight, -head.weight]))
    adapted.thin.bias.copy_(torch.cat([bias, -bias]))
    above = torch.eye(head.out_features)
    adapted.predictor.weight.copy_(torch.cat([above, -above], 1))
