"""Own networks taken apart: the same answers, whatever the architecture."""

import pytest
import torch
from own_networks import CLASSES, SIZE, Squeezed, convolutional, smooth, tiny
from torch import nn
from torch.testing import assert_close

from dsn.networks.architectures import ArchitectureError, built
from dsn.networks.own import IMAGENET, adapt, whole_network


def by_hand(model: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """A network's answers to pictures in [0, 1], normalised channel by channel."""
    seen = pictures.clone()
    for channel, (mean, std) in enumerate(zip(*IMAGENET, strict=True)):
        seen[:, channel] = (seen[:, channel] - mean) / std
    with torch.no_grad():
        return model(seen)


@pytest.mark.parametrize(
    ("architecture", "head", "thin"),
    [
        ("torchvision:resnet18", "fc", False),
        ("torchvision:mobilenet_v3_small", "classifier.3", True),
        ("timm:mobilenetv3_small_050", "classifier", True),
    ],
)
def test_the_answers_stay_what_they_are(architecture: str, head: str, thin: bool) -> None:
    if architecture.startswith("timm"):
        pytest.importorskip("timm")
    torch.manual_seed(0)
    model = built(architecture, 5).eval()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    adapted = adapt(model, size=64)
    shape = adapted.shape
    assert (shape.head, shape.thin, shape.size, shape.channels, shape.classes) == (head, thin, 64, 3, 5)
    pictures = torch.rand(2, 3, shape.size, shape.size)
    assert_close(adapted(pictures), by_hand(model, pictures), atol=1e-4, rtol=1e-4)
    assert (adapted.features(pictures) >= 0).all()
    assert_close(adapted.predictor(adapted.features(pictures)), adapted(pictures))
    assert all(torch.equal(one, before[name]) for name, one in model.state_dict().items()), "the owner's is left alone"


def test_silence_is_an_even_answer_where_a_thin_layer_stands_between() -> None:
    adapted = adapt(smooth(), size=SIZE)
    assert adapted.shape.thin and adapted.shape.channels == 1
    assert adapted.predictor(torch.zeros(1, 2 * CLASSES)).tolist() == [[0.0] * CLASSES]


def test_what_cannot_be_taken_apart_is_refused_and_can_be_sealed() -> None:
    for model, words in ((Squeezed().eval(), "not those of its last linear"), (convolutional(), "no linear layer")):
        with pytest.raises(ArchitectureError, match=words):
            adapt(model, size=SIZE)
        pictures = torch.rand(2, 3, SIZE, SIZE)
        assert_close(whole_network(model, size=SIZE)(pictures), by_hand(model, pictures))


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (nn.Sequential(nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(4, 2)), {}, "4 channels"),
        (tiny(), {"mean": (0.5,), "std": (0.5,)}, "3 numbers each"),
        (tiny(), {"mean": (0.5,) * 3, "std": (0.5, 0.5, 0.0)}, "above 0"),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), {"size": 3}, "does not answer pictures of 3x3"),
        (nn.Sequential(nn.Conv2d(3, 4, 3)), {"size": 9}, "not one row of numbers"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(model: nn.Module, options: dict, words: str) -> None:
    with pytest.raises(ArchitectureError, match=words) as raised:
        adapt(model, **{"size": SIZE, **options})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet18", "not the name of a network"),
        ("torchvision:fasterrcnn_resnet50_fpn", "no classifier"),
        ("torchvision:nothing", "no classifier"),
        ("timm:nothing_at_all", "timm"),
        ("timm:hf_hub:somebody/model", "not the name"),
        ("own_networks:text", "gives str"),
        ("own_networks:nothing", "gives no network"),
        ("no_such_package.module:function", "gives no network"),
        ("os.path:../x", "not the name"),
    ],
)
def test_names_that_are_none_are_refused(name: str, words: str) -> None:
    with pytest.raises(ArchitectureError, match=words):
        built(name, 3)


def test_a_function_of_ones_own_gives_the_network() -> None:
    assert isinstance(built("own_networks:tiny", 99), nn.Sequential)
