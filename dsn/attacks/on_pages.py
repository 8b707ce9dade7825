"""Attacks on students of pages: what opens a silent map, what a tenth of the pages teaches a thief, serials by chance.

The adversary has the weights and no serial. Opening needs nothing more, and a few pages to centre features by.
Tuning has a tenth of the training pages with their maps; without the student, the same pages train a fresh network as
the teacher was trained. Brute force looks at one page with each serial. Not in the paper, which gives no figures.
"""

import copy
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.documents import DOCUMENTS
from dsn.applications.pages.prepared_pages import TEST, TRAINING, Pages, load_pages
from dsn.applications.prepared import as_floats
from dsn.attacks.brute_force import WORKING, years_for
from dsn.attacks.kit.record import CUSTOMER
from dsn.attacks.opening import Activation, bare, bent
from dsn.distilling.loop import Training
from dsn.distilling.maps import MAPS, glanced_cells, train_map_network
from dsn.measuring.evaluate_maps import Found, found_on
from dsn.measuring.text_boxes import boxes_agreement, text_boxes
from dsn.networks.classifier import Classifier
from dsn.networks.map_network import MapConfig, map_extractor
from dsn.places import CHECKPOINTS
from dsn.results.store import provenance, record
from dsn.serials import Serial, random_serial
from dsn.student.collection import SEALED_COPY, document_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

TABLE = "document_attacks"
SCRATCH = "scratch"
Answering = Callable[[Tensor], Tensor]  # pages, float [N, 1, H, W], to probabilities of text
Report = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """How students of pages are attacked.

    Attributes:
        pages: unseen ones that all is measured on.
        softness: of softplus in the last ReLU's place, the inverse of its beta.
        unlabelled: pages that features are centred by.
        share: of the training pages, with their maps, that the adversary tunes with.
        epochs: passes over them, for every start.
        rates: Adam's largest, tried on stolen weights; scratch has the teacher's.
        serials: tried by chance, on one page each.
    """

    pages: int = 100
    softness: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)
    unlabelled: int = 40
    share: float = 0.1
    epochs: int = 12
    rates: tuple[float, ...] = (3e-4, 3e-3)
    serials: int = 256


FULL = Settings()


@torch.inference_mode()
def lifts(student: Student, pages: Pages, settings: Settings) -> dict[str, Tensor]:
    """What may be added to the features before their ReLU, float [D], by name: nothing else is changed.

    "centred" moves them until those of unlabelled pages lie around zero; "unit_<n>" adds what unit n of the glance
    would, did it fire: a lock that hangs on one unit opens.

    Args:
        student: as it was stolen, in eval mode.
        pages: unlabelled ones.
        settings: how many of them.
    """
    known = as_floats(pages.images[: settings.unlabelled])
    usual = torch.stack([student.drive(one[None]).mean((0, 2, 3)) for one in known]).mean(0)
    says = map_extractor(student).glance[2]
    assert isinstance(says, nn.Linear)
    return {"centred": -usual} | {f"unit_{number}": one for number, one in enumerate(says.weight.detach().T)}


@torch.inference_mode()
def openings(student: Student, pages: Pages, settings: Settings) -> Iterator[tuple[str, Answering]]:
    """Every replacement of the last ReLU: its name, and pages, float [N, 1, H, W], to probabilities of text.

    Args:
        student: as it was stolen, in eval mode.
        pages: unlabelled ones.
        settings: what is tried.
    """

    def lifted(drive: Tensor, by: Tensor) -> Tensor:
        return F.relu(drive + by[:, None, None])

    def answering(images: Tensor, activation: Activation) -> Tensor:
        return student.predictor(activation(student.drive(images))).sigmoid()

    ways: dict[str, Activation] = {"bare": bare} | {f"bent_{one:g}": bent(one) for one in settings.softness}
    ways |= {name: partial(lifted, by=by) for name, by in lifts(student, pages, settings).items()}
    for name, activation in ways.items():
        yield name, partial(answering, activation=activation)


def best_of(found: dict[str, Found], names: Collection[str]) -> str:
    """The way, of these, by which most cells are found: what a thief sees with the naked eye."""
    return max(names, key=lambda name: found[name].cells.harmonic_mean)


def bits_read(student: Student, serial: Serial) -> int:
    """How many bits of the serial stand in the weights of that unit of the glance where most do; 32 are chance's.

    Args:
        student: as it was stolen.
        serial: its own, to count by.
    """
    sees = map_extractor(student).glance[0]
    assert isinstance(sees, nn.Linear)
    read = sees.weight.detach()[:, glanced_cells(student)] > 0
    return int((read == torch.tensor(serial.bits, dtype=torch.bool)).sum(1).max())


def starts(student: Student, lift: Tensor, seed: int) -> dict[str, Classifier]:
    """What the adversary tunes: the stolen weights as they lie, opened, and a fresh network.

    Args:
        student: as it was stolen.
        lift: see `lifts`; kept as a bias of the last convolution.
        seed: of the fresh network.
    """
    shape = student.config.network
    assert isinstance(shape, MapConfig)
    stolen = Classifier(shape)
    stolen.load_state_dict(student.state_dict())
    opened = copy.deepcopy(stolen)
    last = map_extractor(opened).last
    assert last.bias is not None
    with torch.no_grad():
        last.bias += lift
    torch.manual_seed(seed)
    return {"as_it_lies": stolen, "opened": opened, SCRATCH: Classifier(replace(shape, batch_norm=True))}


def probabilities(network: Classifier, images: Tensor) -> Tensor:
    """Of text, float [N, H/4, W/4], on pages, float [N, 1, H, W]."""
    return network(images).sigmoid()


def tuned(
    settings: Settings, student: Student, lift: Tensor, seed: int, whole: Pages, test: Pages, report: Report
) -> dict[str, dict[str, Any]]:
    """What is found after tuning each start, by start and rate.

    Args:
        settings: share, epochs and rates.
        student: as it was stolen.
        lift: see `starts`.
        seed: of the share, of fresh weights, and of batches.
        whole: the training pages, of which the adversary has a share.
        test: unseen pages.
        report: told each figure.
    """
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    stolen_pages = whole.chosen(order[: round(settings.share * len(whole))])
    figures = {}
    training = Training(settings.epochs, seed, progress=False)
    for name, start in starts(student, lift, seed).items():
        for rate in (MAPS.teacher_rate,) if name == SCRATCH else settings.rates:
            recipe = replace(MAPS, teacher_rate=rate)
            network = train_map_network(copy.deepcopy(start), stolen_pages, training, recipe)
            label = name if name == SCRATCH else f"{name}_{rate:g}"
            figures[label] = found_on(partial(probabilities, network), test).as_json()
            report(f"  tuned {label}: {figures[label]}")
    return figures


@torch.inference_mode()
def by_chance(student: Student, count: int, page: Pages, seed: int) -> dict[str, float]:
    """Serials at random, each on one page: with how many it is read, and how long 64 bits would take.

    Args:
        student: as it was stolen.
        count: of serials.
        page: one, with its boxes.
        seed: of the serials.
    """
    source = random.Random(seed)
    serials = [random_serial(student.config.bit_count, source=source) for _ in range(count)]
    start = time.perf_counter()
    images, there = as_floats(page.images), page.boxes[0]
    found = [boxes_agreement(text_boxes(student.predict(images, one)[0]), there).harmonic_mean for one in serials]
    pace = count / (time.perf_counter() - start)
    return {
        "serials": count,
        "working": sum(one > WORKING / 100 for one in found),
        "serials_a_second": round(pace, 1),
        "years_for_64_bits": float(f"{years_for(64, pace):.3g}"),
    }


def attack_pages(name: str, settings: Settings = FULL, seed: int = 0, report: Report = print) -> dict[str, Any]:
    """All of it on one bundled student; the row that is recorded in `assets/results/document_attacks.json`.

    Args:
        name: "documents/customer".
        settings: how.
        seed: of everything random.
        report: told figures as they come.
    """
    student, serial = load_folder(CHECKPOINTS / name), document_serials()[name]
    whole, test = load_pages(TRAINING), load_pages(TEST).first(settings.pages)
    found = {}
    for way, answering in openings(student, whole, settings):
        found[way] = found_on(answering, test)
        report(f"  opened, {way}: {found[way].as_json()}")
    lifted = lifts(student, whole, settings)
    best, best_lift = best_of(found, found), best_of(found, lifted)
    best_unit = best_of(found, [name for name in lifted if name.startswith("unit_")])
    row = {
        "task": DOCUMENTS.name,
        "customer": student.config.customer,
        "lock": student.config.lock,
        "settings": asdict(settings),
        "valid": found_on(lambda images: student.predict(images, serial), test).as_json(),
        "opened": {"by": best, **found[best].as_json()},
        "opened_by_a_unit": {"by": best_unit, **found[best_unit].as_json()},
        "bits_read": bits_read(student, serial),
        "chance": by_chance(student, settings.serials, test.first(1), seed),
        "tuned": tuned(settings, student, lifted[best_lift], seed, whole, test, report),
        **provenance(seed, "cpu", Training(1).done_in),
    }
    record(TABLE, name, row)
    return row


def attacked_documents(customers: Sequence[str] | None) -> list[str]:
    """The students of pages that the recorded attacks are on, or those of these customers."""
    return [f"{DOCUMENTS.name}/{one}" for one in customers or (CUSTOMER, f"{CUSTOMER}{SEALED_COPY}")]
