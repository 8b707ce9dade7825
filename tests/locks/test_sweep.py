"""Sweeps over many serials: the same answers as a plain forward pass for each."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny_students import without_a_favourite
from torch import Tensor, nn
from torch.testing import assert_close

from dsn.applications.registry import BUILT_IN
from dsn.locks.stamping import StampPlace, corner_place, spread_place, stamp
from dsn.locks.sweep import StampedBatch, raw_pass, sweep_accuracy, sweep_predictions
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig


def random_pictures(config: NetworkConfig, count: int, seed: int = 1) -> Tensor:
    """Noise, coarse and fine, so that pictures are less alike than pixels."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, config.channels, 3, 3, generator=generator)
    fine = torch.rand(count, config.channels, config.size, config.size, generator=generator)
    return (128 * (fine + F.interpolate(coarse, config.size))).byte()


def random_network(config: NetworkConfig, seed: int = 0) -> Classifier:
    """An untrained network whose answers differ from picture to picture, its BatchNorm as a training might leave it."""
    torch.manual_seed(seed)
    network = Classifier(config).train()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.uniform_(norm.weight, -1.5, 1.5)
        nn.init.normal_(norm.bias, std=0.3)
        norm.momentum = None  # the statistics of the one batch below
    for layer in (network.extractor[-2], network.predictor):
        assert isinstance(layer, nn.Linear)
        nn.init.kaiming_normal_(layer.weight)
    with torch.no_grad():
        network(random_pictures(config, 50, seed=3).float() / 255)
        for norm in norms:
            assert norm.running_var is not None
            norm.running_var *= torch.rand(norm.num_features) + 0.5
    network.eval()
    without_a_favourite(network, random_pictures(config, 50, seed=4).float() / 255)
    return network


NETWORKS = {name: random_network(application.network) for name, application in BUILT_IN.items()}


def random_bits(serials: int, count: int, seed: int = 2) -> Tensor:
    return torch.randint(0, 2, (serials, count), generator=torch.Generator().manual_seed(seed)).float()


@torch.inference_mode()
def plain_logits(network: Classifier, images: Tensor, bits: Tensor, place: StampPlace) -> Tensor:
    """Logits [S, N, classes] by one whole forward pass a serial."""
    pictures = images.float() / 255
    return torch.stack([network(stamp(pictures, one, place)) for one in bits])


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """With batches this small threads would only wait for each other, for minutes on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def stamped_by(
    network: Classifier, place: StampPlace, dtype: torch.dtype = torch.float32
) -> Callable[[Tensor], StampedBatch]:
    """What makes pictures ready to be stamped at a place."""
    return lambda images: StampedBatch(network, raw_pass(network, images, dtype), place)


def swept_logits(
    network: Classifier, images: Tensor, bits: Tensor, place: StampPlace, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Logits [S, N, classes] of the sweep, from one batch stamped again and again."""
    batch = stamped_by(network, place, dtype)(images)
    return torch.stack([batch.logits(one) for one in bits])


@pytest.mark.parametrize("bit_count", [64, 9])
@pytest.mark.parametrize("task", BUILT_IN)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(up=st.integers(0, 99), left=st.integers(0, 99))
@example(up=0, left=0)
@example(up=-1, left=-1)
def test_logits_match_wherever_the_square_is(task: str, bit_count: int, up: int, left: int) -> None:
    config = BUILT_IN[task].network
    offsets = config.size - round(bit_count**0.5) + 1
    place = corner_place(bit_count, config.size, config.size, up=up % offsets, left=left % offsets)
    images = random_pictures(config, 2)
    grey = torch.rand(1, bit_count, generator=torch.Generator().manual_seed(3))
    bits = torch.cat([random_bits(2, bit_count), grey])
    expected = plain_logits(NETWORKS[task], images, bits, place)
    assert_close(swept_logits(NETWORKS[task], images, bits, place), expected, atol=1e-4, rtol=1e-4)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_logits_match_for_any_network_and_any_pixels(data: st.DataObject) -> None:
    kinds: st.SearchStrategy[int | str] = st.sampled_from([3, 5, POOL])
    layers = tuple(data.draw(st.lists(kinds, max_size=6).filter(lambda one: one.count(POOL) <= 3)))
    config = NetworkConfig(channels=2, size=data.draw(st.integers(8, 17)), layers=layers, features=9, classes=4)
    pixel = st.integers(0, config.size - 1)
    pixels = data.draw(st.lists(st.tuples(pixel, pixel), min_size=1, max_size=5, unique=True))
    place = StampPlace(rows=tuple(row for row, _ in pixels), columns=tuple(column for _, column in pixels))
    network, images, bits = random_network(config), random_pictures(config, 2), random_bits(3, len(pixels))
    expected = plain_logits(network, images, bits, place)
    assert_close(swept_logits(network, images, bits, place), expected, atol=1e-4, rtol=1e-4)


def test_one_raw_pass_serves_many_places() -> None:
    config = BUILT_IN["digits"].network
    network, images, bits = NETWORKS["digits"], random_pictures(config, 3), random_bits(3, 64)
    passed = list(raw_pass(network, images))
    places = [corner_place(64, config.size, config.size, up=up, left=left) for up, left in ((0, 0), (3, 20), (0, 0))]
    batches = [StampedBatch(network, passed, place) for place in places]
    for place, batch in zip(places, batches, strict=True):
        found = torch.stack([batch.logits(one) for one in bits])
        assert_close(found, plain_logits(network, images, bits, place), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("make", [corner_place, spread_place])
def test_logits_match_with_cells_of_several_pixels(make: Callable[..., StampPlace]) -> None:
    config = NetworkConfig(channels=3, size=32, layers=(4, POOL, 6), features=9, classes=4)
    network, images, bits = random_network(config), random_pictures(config, 2), random_bits(3, 9)
    place = make(9, 32, 32, cell=3)
    expected = plain_logits(network, images, bits, place)
    assert_close(swept_logits(network, images, bits, place), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("layers", [(POOL,), (POOL, 3), (POOL, POOL, 3), (3, POOL, POOL)])
def test_logits_match_where_pooling_drops_the_stamped_row(layers: tuple[int | str, ...]) -> None:
    config = NetworkConfig(channels=1, size=15, layers=layers, features=9, classes=4)
    place = StampPlace(rows=(14, 14), columns=(3, 14))
    network, images, bits = random_network(config), random_pictures(config, 2), random_bits(3, 2)
    expected = plain_logits(network, images, bits, place)
    assert_close(swept_logits(network, images, bits, place), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("bit_count", [64, 9])
@pytest.mark.parametrize("task", BUILT_IN)
def test_predictions_and_counts_match(task: str, bit_count: int) -> None:
    config = BUILT_IN[task].network
    network, images, bits = NETWORKS[task], random_pictures(config, 17), random_bits(6, bit_count)
    place = corner_place(bit_count, config.size, config.size)
    expected = plain_logits(network, images, bits, place).argmax(2)
    assert torch.equal(sweep_predictions(stamped_by(network, place), images, bits, batch=7), expected)
    assert torch.equal(sweep_predictions(stamped_by(network, place), images.float() / 255, bits), expected)
    labels = expected[0].clone()
    labels[:3] = (labels[:3] + 1) % config.classes
    counts = sweep_accuracy(stamped_by(network, place), images, labels, bits, batch=7)
    assert counts.tolist() == [int((answers == labels).sum()) for answers in expected]
    assert counts[0] == 14


def test_what_is_swept_depends_on_picture_and_serial() -> None:
    """Without this the other tests would compare constants."""
    config = BUILT_IN["digits"].network
    place = corner_place(64, config.size, config.size)
    logits = swept_logits(NETWORKS["digits"], random_pictures(config, 20), random_bits(2, 64), place)
    assert logits.argmax(2).unique().numel() > 2
    assert (logits[0] - logits[1]).abs().amax(1).min() > 1e-3
    assert (logits[:, 0] - logits[:, 1]).abs().max() > 1e-2


@pytest.mark.parametrize("task", BUILT_IN)
def test_bfloat16_differs_by_its_rounding_alone(task: str) -> None:
    config = BUILT_IN[task].network
    place = corner_place(64, config.size, config.size)
    images, bits = random_pictures(config, 8), random_bits(4, 64)
    expected = plain_logits(NETWORKS[task], images, bits, place)
    found = swept_logits(NETWORKS[task], images, bits, place, torch.bfloat16)
    assert found.dtype == torch.float32
    assert_close(found, expected, atol=0.05 * expected.abs().max().item(), rtol=0)


@pytest.mark.parametrize("layers", [(), (3, POOL)])
def test_network_and_pictures_stay_as_they_are(layers: tuple[int | str, ...]) -> None:
    config = NetworkConfig(channels=1, size=12, layers=layers, features=9, classes=4)
    network = random_network(config)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pictures = random_pictures(config, 3).float() / 255
    untouched = pictures.clone()
    ready = stamped_by(network, corner_place(9, config.size, config.size))
    sweep_predictions(ready, pictures, random_bits(2, 9))
    assert torch.equal(pictures, untouched)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_progress_is_told_after_each_batch() -> None:
    config = BUILT_IN["digits"].network
    images, told = random_pictures(config, 5), []
    sweep_predictions(
        stamped_by(NETWORKS["digits"], corner_place(9, config.size, config.size)),
        images,
        random_bits(1, 9),
        batch=2,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_network_in_training_is_refused() -> None:
    config = BUILT_IN["digits"].network
    with pytest.raises(AssertionError):
        stamped_by(random_network(config).train(), corner_place(9, 28, 28))(random_pictures(config, 1))
