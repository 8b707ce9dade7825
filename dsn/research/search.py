"""The search for a student that is worth nothing to a thief who fine-tunes it: every idea tried, and its figures.

Each idea distils digits/alder shorter than the shipped one, from a teacher of the search's own; neither sees the last
8,000 training pictures, which measure it, so that the test split chooses nothing. The adversary of
`dsn.attacks.fine_tuning` then has as many labelled pictures as a tenth of the training split.
"""

from collections.abc import Callable
from dataclasses import asdict, replace

import torch
from safetensors.torch import load_file

from dsn.applications.prepared import Split, load_data_set
from dsn.applications.registry import application_named
from dsn.attacks import collusion, fine_tuning, gradient_search
from dsn.attacks.descent import SMOOTH
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Licensed, Scene, finish
from dsn.attacks.kit.training import Schedule
from dsn.attacks.recorded import summary
from dsn.devices import arithmetic_for
from dsn.distilling.distil import train_teacher
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.making import make_whole
from dsn.distilling.rebuild import BUILD
from dsn.distilling.recipes import Recipe
from dsn.files import write_tensors
from dsn.measuring.evaluate import accuracy
from dsn.networks.classifier import Classifier
from dsn.research.ideas import idea_named
from dsn.results.store import provenance, record
from dsn.serials import near_misses
from dsn.student.collection import demo_serials
from dsn.student.config import StudentConfig
from dsn.student.student import Student

TASK, CUSTOMER = "digits", "alder"
CUSTOMERS = (CUSTOMER, "birch", "cedar")
STUDENT = f"{TASK}/{CUSTOMER}"
EPOCHS = 6
TEACHER_EPOCHS = 12
WORKSHOP = BUILD / "ideas"
HELD_ASIDE = 8000
STOLEN = 6000
NEAR_MISS_PICTURES = 2000
SEARCHES = 3  # of grey patterns
THIEF = fine_tuning.Settings(Schedule(epochs=15, pictures=15 * STOLEN))


def search_teacher(train: Split, device: str, seed: int = 0) -> Classifier:
    """A teacher of the search, trained where there is none of this seed yet."""
    application, path = application_named(TASK), WORKSHOP / f"teacher-{seed}.safetensors"
    if not path.exists():
        teacher = train_teacher(application, train, Training(TEACHER_EPOCHS, seed, device, progress=False))
        write_tensors(path, teacher.state_dict())
    teacher = Classifier(application.network)
    teacher.load_state_dict(load_file(path))
    return teacher.eval()


def distilled(
    recipe: Recipe,
    train: Split,
    classes: tuple[str, ...],
    epochs: int,
    device: str,
    customer: str = CUSTOMER,
    teacher_seed: int = 0,
) -> Student:
    """The student of this search by one recipe.

    Args:
        recipe: of the student.
        train: pictures it is distilled on.
        classes: their names.
        epochs: of distilling.
        device: "cpu" or "cuda".
        customer: whose it is; every customer's has its own random state.
        teacher_seed: which of the search's teachers it follows.
    """
    application, serial = application_named(TASK), demo_serials()[f"{TASK}/{customer}"]
    config = StudentConfig(
        task=TASK,
        customer=customer,
        bit_count=len(serial.bits),
        classes=classes,
        network=application.network,
        recipe=recipe.name,
        profile=recipe.profile,
    )
    teacher = search_teacher(train, device, teacher_seed)
    training = Training(epochs, CUSTOMERS.index(customer), device, progress=False)
    (student,) = make_whole(application, [Order(config, serial)], teacher, train, recipe, training)
    return student


def try_ideas(
    names: list[str],
    *,
    epochs: int = EPOCHS,
    seeds: int = 1,
    device: str = "cpu",
    report: Callable[[str], None] = print,
) -> None:
    """Distil a student by each idea, steal it, and record both in `assets/results/ideas.json`.

    Args:
        names: of the ideas.
        epochs: of distilling.
        seeds: of the adversary, counted from 0; the students' is 0.
        device: "cpu" or "cuda".
        report: told the figures.

    Raises:
        IdeaError: no such idea.
    """
    ideas = {name: idea_named(name) for name in names}
    data, serial = load_data_set(application_named(TASK)), demo_serials()[STUDENT]
    train = Split(data.train.images[:-HELD_ASIDE], data.train.labels[:-HELD_ASIDE]).to(device)
    aside = Split(data.train.images[-HELD_ASIDE:], data.train.labels[-HELD_ASIDE:]).to(device)
    students: dict[Recipe, Student] = {}
    for name, idea in ideas.items():
        if idea.recipe not in students:
            students[idea.recipe] = distilled(idea.recipe, train, data.class_names, epochs, device)
        student = idea.reshaped(students[idea.recipe]).eval()
        write_tensors(WORKSHOP / f"{name}.safetensors", student.state_dict())
        figures = {
            "valid": accuracy(student, aside, serial).percent,
            "absent": accuracy(student, aside).percent,
            **one_bit_wrong(student, aside),
        }
        scene = Scene(student, serial, application_named(TASK), train, aside)
        figures["grey_worst"] = grey_worst(scene)
        if idea.colluding:
            others = {
                other: distilled(idea.recipe, train, data.class_names, epochs, device, other, place * idea.own_teachers)
                for place, other in enumerate(CUSTOMERS[1:], start=1)
            }
            figures["collusion_absent"] = colluded(scene, others)
        report(f"{name}: {figures}")
        outcomes = [finish(fine_tuning.attack(scene, THIEF, STOLEN / len(train), seed)) for seed in range(seeds)]
        row = {
            "what": idea.what,
            "kept": idea.kept,
            "student": STUDENT,
            "epochs": epochs,
            "held_aside_pictures": HELD_ASIDE,
            "stolen_pictures": STOLEN,
            "recipe": asdict(idea.recipe),
            "reshaped": idea.reshaped.__name__,
            **{key: round(value, 2) for key, value in figures.items()},
            "fine_tuning": summary(outcomes),
            "seeds": seeds,
            **provenance(0, device, arithmetic_for(device)),
        }
        record("ideas", name, row)
        won = {key: one["values"] for key, one in row["fine_tuning"].items() if "best" in key}
        report(f"{name}: {won}")


def colluded(scene: Scene, others: dict[str, Student]) -> float:
    """The highest absent accuracy, in percent, that the attacked student's customer and two others come to."""
    licensed = {name: Licensed(student.eval(), demo_serials()[f"{TASK}/{name}"]) for name, student in others.items()}
    share = min(1.0, STOLEN / len(scene.train))
    outcome = finish(collusion.attack(replace(scene, others=licensed), collusion.FULL, share, 0))
    highest = outcome.figures["best_absent"]
    assert highest is not None
    return highest


def grey_worst(scene: Scene) -> float:
    """The highest accuracy, in percent, under a grey pattern that gradient search on smoothed activations comes to."""
    share = min(1.0, STOLEN / len(scene.train))
    found = []
    for seed in range(SEARCHES):
        search = gradient_search.search(scene, gradient_search.FULL, share, seed, SMOOTH, gradient_search.CONTINUOUS)
        found.append(finish(search).figures["grey_accuracy"] or 0.0)
    return max(found)


def one_bit_wrong(student: Student, split: Split) -> dict[str, float]:
    """Mean and highest accuracy under the serials one bit off, in percent, on the first pictures of a split."""
    few = Split(split.images[:NEAR_MISS_PICTURES], split.labels[:NEAR_MISS_PICTURES])
    serial = demo_serials()[STUDENT]
    found = torch.tensor([percent_right(student, few, stamping(student, near)) for near in near_misses(serial)])
    return {"one_bit_mean": found.mean().item(), "one_bit_worst": found.max().item()}
