"""How often a trace is right: every shipped student under every change, and networks that are none of ours."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F

from dsn.checkpoints import load_folder, save_student
from dsn.collection import CHECKPOINTS, demo_serials
from dsn.datasets import DataSet, Split, as_floats, load_data_set
from dsn.held_out import load_held_out
from dsn.networks import Classifier
from dsn.owner.changes import CHANGES, Weights
from dsn.owner.suspect import Suspect
from dsn.owner.tracing import Issued, trace
from dsn.owner.weights import weights_hash
from dsn.results import provenance, record
from dsn.serials import random_serial
from dsn.statistics import Accuracy
from dsn.tasks import Task, task_named
from dsn.training_loop import autocast

FINE_TUNING_EPOCHS = 5
FINE_TUNING_SHARE = 0.1  # of the training pictures
FOREIGN = 200  # networks
LEDGER = 1000  # entries of the timed trace
Report = Callable[[str], None]


@dataclass(frozen=True)
class Attempt:
    """A network whose origin is known to the test, and what the trace must say.

    Attributes:
        what: in words.
        weights: of the network.
        truth: whose it is; None for none of ours.
        hidden: label that is taken out of what was issued.
    """

    what: str
    weights: Weights
    truth: str | None
    hidden: str | None = None


def trained_on(network: Classifier, split: Split, epochs: int, seed: int, device: str = "cpu") -> Weights:
    """A network's weights after training on raw pictures with Adam, batches of 100, learning rate 1e-3."""
    generator = torch.Generator().manual_seed(seed)
    network = network.to(device).requires_grad_(True).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(epochs):
        for chosen in torch.randperm(len(split), generator=generator).split(100):
            images, labels = (part[chosen].to(device) for part in (split.images, split.labels))
            with autocast(device):
                loss = F.cross_entropy(network(as_floats(images)).float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {name: tensor.detach().cpu().clone() for name, tensor in network.eval().state_dict().items()}


def share_of(data: DataSet, share: float, seed: int) -> Split:
    """Some of the training pictures, the same for the same seed."""
    chosen = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))
    chosen = chosen[: int(share * len(data.train))]
    return Split(data.train.images[chosen], data.train.labels[chosen])


def shipped(task: Task) -> list[Issued]:
    """The shipped students of one application as an owner's records."""
    found = []
    for name, serial in demo_serials().items():
        if name.split("/")[0] == task.name and (CHECKPOINTS / name).is_dir():
            digest = weights_hash(load_folder(CHECKPOINTS / name).state_dict())
            found.append(Issued(name, serial, digest, CHECKPOINTS / name))
    return found


def ours(task: Task, issued: list[Issued], data: DataSet, device: str) -> Iterator[Attempt]:
    """Every student under every change that leaves it ours."""
    few = share_of(data, FINE_TUNING_SHARE, 0)
    for one in issued:
        assert one.folder is not None
        for change in CHANGES:
            if change != "foreign":
                weights = CHANGES[change](dict(load_folder(one.folder).state_dict()))
                yield Attempt(f"{one.label}, {change}", weights, one.label)
        weights = trained_on(load_folder(one.folder), few, FINE_TUNING_EPOCHS, 0, device)
        yield Attempt(f"{one.label}, fine-tuned", weights, one.label)


def foreign(task: Task, issued: list[Issued], data: DataSet, count: int, device: str) -> Iterator[Attempt]:
    """Students that were struck from the ledger (every change of them too), then networks trained from scratch."""
    made = 0
    for attempt in ours(task, issued, data, device):
        if made < count // 2:
            yield Attempt(f"{attempt.what}, not in the ledger", attempt.weights, None, hidden=attempt.truth)
            made += 1
    for seed in range(count - made):
        torch.manual_seed(seed)
        few = share_of(data, 0.02 + 0.08 * (seed % 3), seed)
        weights = trained_on(Classifier(task.network), few, 1 + seed % 2, seed, device)
        yield Attempt(f"from scratch, seed {seed}", weights, None)


def measure_trace(
    names: list[str], *, device: str = "cpu", foreign_count: int = FOREIGN, report: Report = print
) -> None:
    """Trace everything and record the figures in `assets/results/trace.json`."""
    for turn, name in enumerate(names):
        task = task_named(name)
        data, issued, split = load_data_set(task), shipped(task), load_held_out(task).split
        count = foreign_count // len(names) + (turn < foreign_count % len(names))
        row: dict = {"task": name, "wrong": []}
        for kind, attempts in (
            ("ours", ours(task, issued, data, device)),
            ("foreign", foreign(task, issued, data, count, device)),
        ):
            right, tried = 0, 0
            for attempt in attempts:
                known = [one for one in issued if one.label != attempt.hidden]
                found = trace(Suspect(task, attempt.weights, attempt.weights), known, split)
                is_right = found.named == ((attempt.truth,) if attempt.truth else ())
                right, tried = right + is_right, tried + 1
                if not is_right:
                    row["wrong"].append(f"{attempt.what}: {found.how} {' and '.join(found.named)}")
                report(f"{attempt.what}: {found.how} {' and '.join(found.named)}")
            row[kind] = Accuracy(right, tried).as_json()
        row["seconds_for_1000_entries"] = round(timed(task, issued, split), 2)
        record("trace", name, {**row, **provenance(0, device)})


def timed(task: Task, issued: list[Issued], split: Split) -> float:
    """Seconds of one trace against 1,000 entries, each with a serial and a kept student."""
    source = random.Random(0)
    assert issued[0].folder is not None
    student = load_folder(issued[0].folder)
    with TemporaryDirectory() as folder:
        known = list(issued)
        for number in range(LEDGER - len(issued)):
            place = Path(folder, str(number))
            save_student(student, place)
            known.append(Issued(f"{task.name}/c{number}", random_serial(source=source), "", place))
        weights = CHANGES["pruned"](dict(student.state_dict()))
        started = time.perf_counter()
        trace(Suspect(task, weights, weights), known, split)
        return time.perf_counter() - started
