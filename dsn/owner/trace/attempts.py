"""Networks whose origin is known: every shipped student under every change, and networks that are none of ours."""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain, count, islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from dsn.applications.prepared import DataSet, Split, as_floats
from dsn.applications.record import Application
from dsn.distilling.demo_teacher import load_demo_teacher
from dsn.networks.classifier import Classifier
from dsn.owner.mint.progress import QuickMint
from dsn.owner.mint.quick import quick_mint
from dsn.owner.trace.changes import CHANGES, Weights, drawn_anew, nudged, pruned
from dsn.owner.trace.disguises import as_torchvision, folded, renamed_at_random, reordered, rescaled
from dsn.owner.trace.issued import codes_hash
from dsn.owner.trace.suspect import Suspect, read_suspect
from dsn.owner.trace.tracing import Issued
from dsn.owner.weights import weights_hash
from dsn.places import CHECKPOINTS
from dsn.serials import random_serial
from dsn.student.collection import SEALED_COPY, stamped_serials
from dsn.student.folder import CONFIG, WEIGHTS, load_folder

SHARE = 0.1  # of the training pictures, for whoever trains
FINE_TUNING_EPOCHS = 5
HONEST = 6  # networks trained from scratch
HONEST_EPOCHS = 2
DISGUISES = 3  # seeds of each that is drawn
OTHER_OWNERS = 2  # students of an owner who is not us
MADE = {name: change for name, change in CHANGES.items() if name != "foreign"}


@dataclass(frozen=True)
class Suspected:
    """A network whose origin is known to the test, and what the trace must say.

    Attributes:
        what: in words; no two are called the same.
        make: gives its tensors.
        truth: whose it is; None for none of ours.
        hidden: label that is struck from what was issued.
        config: a file that lies beside the tensors; None for none.
    """

    what: str
    make: Callable[[], Weights]
    truth: str | None = None
    hidden: str | None = None
    config: Path | None = None

    @property
    def change(self) -> str:
        """What was done to it, in words."""
        return self.what.partition(", ")[2]

    def suspect(self) -> Suspect:
        """As it is read from a file that it was written to."""
        with TemporaryDirectory() as folder:
            save_file({name: one.contiguous() for name, one in self.make().items()}, Path(folder) / WEIGHTS)
            if self.config:
                shutil.copy(self.config, folder)
            return read_suspect(Path(folder))


def shipped(application: Application) -> list[Issued]:
    """The shipped stamped students of one application as an owner's records."""
    found = []
    for name, serial in stamped_serials().items():
        if name.split("/")[0] == application.name and (CHECKPOINTS / name).is_dir():
            digest = weights_hash(load_folder(CHECKPOINTS / name).state_dict())
            sealed = codes_hash(CHECKPOINTS / f"{name}{SEALED_COPY}")
            found.append(Issued(name, serial, digest, CHECKPOINTS / name, sealed=sealed))
    return found


def attempts(
    application: Application, issued: list[Issued], data: DataSet, foreign: int, device: str
) -> Iterator[Suspected]:
    """Every student under every change that leaves it ours, then `foreign` networks that are none of ours.

    Disguises, which change no answer, come with several seeds. The foreign are in turn students struck from the
    ledger, of the same teacher as those in it; networks that others trained honestly, and their students; and random
    weights. Whatever was trained comes under every change, too.
    """
    own = list(_ours(application, issued, data, device))
    struck = [replace(one, what=f"{one.what}, not in the ledger", truth=None, hidden=one.truth) for one in own]
    random.Random(0).shuffle(struck)
    turns = zip_longest(struck, _honest(application, data, device), _random(application, issued))
    return chain(own, islice((one for turn in turns for one in turn if one is not None), foreign))


def trained_on(network: Classifier, split: Split, epochs: int, seed: int, device: str = "cpu") -> Weights:
    """A network's weights after training on raw pictures with Adam, batches of 100, learning rate 1e-3."""
    generator = torch.Generator().manual_seed(seed)
    network = network.to(device).to(memory_format=torch.channels_last).requires_grad_(True).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        for chosen in torch.randperm(len(split), generator=generator).split(100):
            images, labels = (part[chosen].to(device) for part in (split.images, split.labels))
            images = as_floats(images).to(memory_format=torch.channels_last)
            loss = F.cross_entropy(network(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {name: tensor.detach().cpu().contiguous() for name, tensor in network.eval().state_dict().items()}


def share_of(data: DataSet, seed: int) -> Split:
    """A share of the training pictures, the same for the same seed."""
    chosen = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))
    chosen = chosen[: int(SHARE * len(data.train))]
    return Split(data.train.images[chosen], data.train.labels[chosen])


def _changed(what: str, make: Callable[[], Weights], truth: str | None = None) -> Iterator[Suspected]:
    def changed(name: str) -> Weights:
        return MADE[name](make())

    for name in MADE:
        yield Suspected(f"{what}, {name}", partial(changed, name), truth)


def _ours(application: Application, issued: Iterable[Issued], data: DataSet, device: str) -> Iterator[Suspected]:
    def as_issued(folder: Path) -> Weights:
        return dict(load_folder(folder).state_dict())

    def fine_tuned(folder: Path) -> Weights:
        return trained_on(load_folder(folder), share_of(data, 0), FINE_TUNING_EPOCHS, 0, device)

    for one in issued:
        assert one.folder is not None
        yield from _changed(one.label, partial(as_issued, one.folder), one.label)
        trained = cache(partial(fine_tuned, one.folder))
        yield Suspected(f"{one.label}, fine-tuned", trained, one.label)
        yield from _disguised(application, one.label, partial(as_issued, one.folder), trained)
        yield from _sealed(one.label, one.folder.with_name(f"{one.folder.name}{SEALED_COPY}"))


def _disguised(
    application: Application, label: str, make: Callable[[], Weights], trained: Callable[[], Weights]
) -> Iterator[Suspected]:
    """One student by other names, in another order, on other scales, folded, and all of that after other changes."""

    def all_of(weights: Weights, seed: int) -> Weights:
        return renamed_at_random(rescaled(reordered(folded(weights, application), seed), seed), seed)

    def attempt(change: str, disguise: Callable[[], Weights]) -> Suspected:
        return Suspected(f"{label}, {change}", disguise, label)

    yield attempt("folded", lambda: folded(make(), application))
    yield attempt("as torchvision's", lambda: as_torchvision(make()))
    for seed in range(DISGUISES):
        yield attempt(f"renamed, {seed}", partial(lambda seed: renamed_at_random(make(), seed), seed))
        yield attempt(f"in another order, {seed}", partial(lambda seed: reordered(make(), seed), seed))
        yield attempt(f"rescaled, {seed}", partial(lambda seed: rescaled(make(), seed), seed))
        yield attempt(f"all of these, {seed}", partial(lambda seed: all_of(make(), seed), seed))
        yield attempt(f"pruned and all of these, {seed}", partial(lambda seed: all_of(pruned(make()), seed), seed))
        yield attempt(f"nudged and all of these, {seed}", partial(lambda seed: all_of(nudged(make()), seed), seed))
        yield attempt(f"fine-tuned and all of these, {seed}", partial(lambda seed: all_of(trained(), seed), seed))


def _sealed(label: str, folder: Path) -> Iterator[Suspected]:
    """The sealed copy of a student: as a folder, whose seal can be tried, and as a file alone, known by its codes."""
    if folder.is_dir():
        yield Suspected(f"{label}, sealed", lambda: load_file(folder / WEIGHTS), label, config=folder / CONFIG)
        yield Suspected(f"{label}, sealed, without config.json", lambda: load_file(folder / WEIGHTS), label)


def _honest(application: Application, data: DataSet, device: str) -> Iterator[Suspected]:
    def from_scratch(seed: int) -> Weights:
        torch.manual_seed(seed)
        return trained_on(Classifier(application.network), share_of(data, seed), HONEST_EPOCHS, seed, device)

    def of_another_owner(seed: int) -> Weights:
        serial = random_serial(source=random.Random(seed))
        *_, last = quick_mint(application, "foreign", serial, QuickMint(seed=seed))
        assert last.student is not None
        return dict(last.student.state_dict())

    for seed in range(HONEST):
        yield from _changed(f"from scratch {seed}", cache(partial(from_scratch, seed)))
    if application.has_training_share:
        yield from _changed("the demo teacher", lambda: dict(load_demo_teacher(application).state_dict()))
        for seed in range(OTHER_OWNERS):
            yield from _changed(f"another owner's student {seed}", cache(partial(of_another_owner, seed)))


def _random(application: Application, issued: list[Issued]) -> Iterator[Suspected]:
    def untrained(seed: int) -> Weights:
        torch.manual_seed(seed)
        return Classifier(application.network).state_dict()

    def alike(seed: int) -> Weights:
        one = issued[seed % len(issued)]
        assert one.folder is not None
        return drawn_anew(dict(load_folder(one.folder).state_dict()), seed)

    for seed in count():
        yield Suspected(f"untrained {seed}", partial(untrained, seed))
        yield Suspected(f"random weights of a student's spread {seed}", partial(alike, seed))
