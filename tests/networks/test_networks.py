"""The networks, against the same layers written out; gradient reversal, against plain gradients."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.networks.classifier import Classifier, adversary, reverse_gradient
from dsn.networks.config import POOL, NetworkConfig
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student


def written_out(weights: dict[str, Tensor], config: NetworkConfig, images: Tensor) -> tuple[Tensor, Tensor]:
    """Features and logits in eval mode, from the weights in the order of the layers, in float64."""
    values = iter([tensor.double() for name, tensor in weights.items() if not name.endswith("num_batches_tracked")])
    x = images.double()
    for layer in config.layers:
        if layer == POOL:
            x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))
            continue
        kernel = next(values)
        x = F.conv2d(x, kernel, padding=kernel.shape[2] // 2)
        scale, shift, mean, variance = (next(values)[:, None, None] for _ in range(4))
        x = ((x - mean) / (variance + 1e-5).sqrt() * scale + shift).clamp_min(0)
    features = (x.flatten(1) @ next(values).T + next(values)).clamp_min(0)
    return features, features @ next(values).T


@pytest.mark.parametrize("task", BUILT_IN)
def test_classifier_is_its_layers(task: str) -> None:
    config = BUILT_IN[task].network
    torch.manual_seed(0)
    network = Classifier(config)
    images = torch.rand(8, config.channels, config.size, config.size)
    network(images)  # in training mode: BatchNorm statistics that are not 0 and 1
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    network.eval()
    with torch.no_grad():
        features, logits = written_out(network.state_dict(), config, images)
        assert_close(network.features(images).double(), features, rtol=1e-4, atol=1e-4)
        assert_close(network(images).double(), logits, rtol=1e-4, atol=1e-4)
        assert torch.equal(network(images), network.predictor(network.features(images)))
    assert features.shape == (8, config.features) and logits.shape == (8, config.classes)
    assert (features > 0).any() and (network.features(images) >= 0).all()


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 7.0])
def test_reversed_gradient_is_minus_factor_times_the_plain_one(factor: float) -> None:
    torch.manual_seed(1)
    extractor, rival = nn.Linear(5, 4).double(), nn.Linear(4, 3).double()
    x, labels = torch.rand(6, 5, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1, 2])
    features = extractor(x).tanh()
    assert torch.equal(reverse_gradient(features, factor), features)
    weights = [extractor.weight, rival.weight]
    plain = torch.autograd.grad(F.cross_entropy(rival(features), labels), weights, retain_graph=True)
    turned = torch.autograd.grad(F.cross_entropy(rival(reverse_gradient(features, factor)), labels), weights)
    assert_close(turned[0], -factor * plain[0])
    assert_close(turned[1], plain[1])
    assert plain[0].abs().max() > 1e-3


def test_a_step_on_the_reversed_gradient_sets_the_two_against_each_other() -> None:
    """Eq. 6: after a step, G_d alone is better at its task than before, and G_e alone makes it worse."""
    config = NetworkConfig(channels=1, size=8, layers=(4, POOL), features=16, classes=3)
    torch.manual_seed(2)
    network, rival = Classifier(config).double(), adversary(config).double()
    images, labels = torch.rand(30, 1, 8, 8, dtype=torch.float64), torch.arange(30) % 3

    def loss(features: Tensor) -> Tensor:
        return F.cross_entropy(rival(features), labels)

    features = network.features(images)
    before = loss(features).item()
    loss(reverse_gradient(features, 1.0)).backward()
    assert network.predictor.weight.grad is None

    def move(module: nn.Module, step: float) -> None:
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.grad is not None:
                    parameter.sub_(step * parameter.grad)

    move(rival, 1e-2)
    assert loss(network.features(images)).item() < before
    move(rival, -1e-2)
    move(network.extractor, 1e-2)
    assert loss(network.features(images)).item() > before


def test_a_student_is_a_classifier_without_adversary() -> None:
    network = BUILT_IN["digits"].network
    student = Student(StudentConfig("digits", "alder", 64, tuple("0123456789"), network, "none"))
    assert {name: value.shape for name, value in student.state_dict().items()} == {
        name: value.shape for name, value in Classifier(network).state_dict().items()
    }
    assert adversary(network)(torch.rand(4, network.features)).shape == (4, network.classes)


def test_predict_is_the_softmax_of_the_stamped_pictures(talkative_student: Student, digits: HeldOut) -> None:
    pictures = as_floats(digits.split.images[:20])
    serial = Serial.from_number(0xF0F0F0F00F0F0F0F)
    absent = talkative_student.predict(pictures, serial=None)
    stamped = talkative_student.predict(pictures, serial=serial)
    for answered, shown in ((absent, pictures), (stamped, talkative_student.stamp(pictures, serial))):
        powers = talkative_student(shown).double().exp()
        assert_close(answered.double(), powers / powers.sum(1, keepdim=True), rtol=1e-5, atol=1e-7)
    assert not torch.allclose(absent, stamped, atol=0.01)


@pytest.mark.parametrize("change", [{"bit_count": 16}, {"classes": ("0", "1")}])
def test_configurations_that_cannot_be_are_refused(change: dict) -> None:
    values: dict[str, Any] = {
        "task": "digits",
        "customer": "alder",
        "bit_count": 64,
        "classes": tuple("0123456789"),
        "network": BUILT_IN["digits"].network,
        "recipe": "none",
    }
    assert StudentConfig.from_json(StudentConfig(**values).to_json()) == StudentConfig(**values)
    with pytest.raises(ValueError):
        StudentConfig(**values | change)
