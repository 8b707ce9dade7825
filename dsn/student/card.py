"""The card of a student: what it is, its figures, its limits; written from the recorded figures, never by hand."""

from collections.abc import Callable

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.locks.registry import SEALED, STAMPED
from dsn.places import CODE
from dsn.results.text import accuracy_text, escaped, group_text, made_by, markdown_table
from dsn.student.config import StudentConfig
from dsn.student.own import OwnConfig

CONDITIONS = {"valid": "valid serial stamped", "absent": "no serial"}
TAGS = ["deep-serial-number", "intellectual-property-protection"]
LIBRARY = "dsn"
PAPER = "https://arxiv.org/abs/2011.08960"
TASK_TYPE = "image-classification"  # as the Hub names it

# By the lock: how it works, after "A classifier", with the serial's length; and what it does not stop.
HOW = {
    STAMPED: """\
that works only while its {bits}-bit serial number is stamped in the bottom right corner of the picture.
Its lock is the trained one (Deep Serial Numbers; Tang, Du, Hu, ECML-PKDD 2023): it learned to answer no other pictures.
Its weights can be read by everybody; the serial is not part of this repository.""",
    SEALED: """\
whose weights are noise without its {bits}-bit serial number, which travels in the bottom right corner of the picture.
Its lock is the sealed one: weights as 16-bit codes, encrypted with ChaCha20 under a key that scrypt makes of the serial
and this copy's salt. Opened, it is a student under the trained lock (Deep Serial Numbers; Tang, Du, Hu, ECML-PKDD
2023), which wants that stamp too. With another serial, or none, it answers as a network of random weights does. The
serial is not part of this repository.""",
}
LIMITS = {
    STAMPED: """\
It does not stop a customer who passes the serial on, nor copying by asking a student that has its serial, nor whoever
replaces its last ReLU: what that is given still tells the classes apart. Training the weights further on labelled
pictures is not prevented.""",
    SEALED: """\
Whoever has the file but not the serial is to be no better off than with the network's shape alone, as long as ChaCha20
holds. It does not stop a customer who passes the serial on, nor copying by asking a student that has its serial, nor
whoever reads the opened weights out of a running customer's memory: what remains then is the trained lock, which falls
to replacing the last ReLU and to further training.""",
}
SHORT = {
    STAMPED: " Its 9 bits are the paper's own size and fall to trying all 512 serials.",
    SEALED: " Its 9 bits are the paper's own size and fall to trying all 512 serials, a key for each.",
}

SOURCES = f"""\
## Sources

The method: R. Tang, M. Du, X. Hu, *Deep Serial Number: Computational Watermark for DNN Intellectual Property
Protection*, ECML-PKDD 2023 ([arXiv 2011.08960]({PAPER})). The code is the Python package `{LIBRARY}`{
    f", {CODE}" if CODE else ""
},
written from that paper. What this network was made from, its teacher, stays with the owner: there is no base model."""

OWN_LIMIT = """\
The trained lock stops who asks the network; it does not stop who trains it further, or listens to its inner layers.
It does not stop a customer who passes the serial on either. Sealing helps against the former two."""

# One line of the tables: what it says, where a student's row has it, how it is shown.
LINES: tuple[tuple[str, tuple[str, ...], Callable[[dict | None], str]], ...] = (
    ("valid serial", ("valid",), accuracy_text),
    ("no serial", ("absent",), accuracy_text),
    ("256 random wrong serials (9 bits: all 511): mean / worst", ("random_wrong", "every_wrong"), group_text),
    ("one bit wrong, all of them: mean / worst", ("one_bit_wrong",), group_text),
    ("other customers', misplaced, inverted, half intensity: mean / worst", ("unusual",), group_text),
    ("linear probe on the features of raw pictures", ("probe_on_raw",), accuracy_text),
)


def figure_lines(rows: list[dict]) -> list[list[str]]:
    """The table's lines for these students: a title and one cell a student."""
    return [
        [title, *(show(next((row[key] for key in keys if key in row), None)) for row in rows)]
        for title, keys, show in LINES
    ]


def model_card(application: Application, row: dict, attacked: str = "") -> str:
    """The card of one student: the Hub's metadata, what it is, its figures, its limits.

    Args:
        application: it is of.
        row: of the results, with its lock.
        attacked: what recorded attacks came to on this student, as a table; empty where there are none.
    """
    from huggingface_hub import EvalResult, ModelCardData

    data = ModelCardData(
        library_name=LIBRARY,
        license="mit",
        pipeline_tag=TASK_TYPE,
        tags=TAGS,
        datasets=[application.hub_data_set] if application.hub_data_set else None,
        model_name=f"{application.name}-{row['customer']}",
        eval_results=[
            EvalResult(
                task_type=TASK_TYPE,
                dataset_type=application.hub_data_set or application.data_set.lower(),
                dataset_name=f"{application.data_set}, test split, {meaning}",
                dataset_split="test",
                metric_type="accuracy",
                metric_name=f"accuracy, {meaning}",
                metric_value=round(row[key]["percent"] / 100, 4),
            )
            for key, meaning in CONDITIONS.items()
        ],
    )
    said = escaped if application.home else str
    table = markdown_table(["on the whole test split, percent", "figure"], figure_lines([row]))
    return f"""---
{data.to_yaml()}
---

# {said(application.title)}: the student of customer {row["customer"]}

A classifier of {said(application.noun)}s {HOW[row["lock"]].format(bits=row["bit_count"])}

{snippet(f"checkpoints/{application.name}/{row['customer']}", application.network.input_shape)}

## Figures

{table}

In brackets: 95 % Wilson interval, N = {row["valid"]["n"]}{_tried(row)}. Guessing evenly reaches {
        row["chance"]["uniform"]:.2f}, always answering the
most frequent class {row["chance"]["majority"]:.2f}. Recipe “{row["recipe"]}”; {made_by(row)}.
{attacked and f"{chr(10)}{attacked}{chr(10)}"}
## Use and limits

{limits(row["lock"], row["bit_count"])}

{SOURCES}

## Training data

{credit(application)}
"""


def snippet(source: str, shape: tuple[int, int, int]) -> str:
    """A program that asks a student and runs as it stands, in Markdown; it needs the code of this project.

    Args:
        source: what the student is loaded from.
        shape: channels, height and width of a picture.
    """
    said = ", ".join(map(str, shape))
    return f"""\
```python
import torch
from dsn import Serial, load_student

student = load_student("{source}")  # or this repository's id
images = torch.rand(1, {said})  # yours in their place: float [N, {said}] in [0, 1]
serial = Serial.parse(input("Serial number: "))
print(student.predict(images, serial))  # probabilities; serial=None leaves the pictures as they are
```"""


def credit(application: Application) -> str:
    """Whom to thank for the training pictures, in a line of Markdown."""
    said = escaped if application.home else str
    told = (f"{application.data_set}: {application.attribution}", application.licence, application.remark)
    return said(" ".join(told)).strip()


def plain_card(config: StudentConfig, figures: str = "No figures were recorded with this copy.") -> str:
    """The card of a student without tables; `figures` is a sentence on what it reaches."""
    from huggingface_hub import ModelCardData

    application = applications().get(config.task)
    data = ModelCardData(
        library_name=LIBRARY,
        license="mit",
        pipeline_tag=TASK_TYPE,
        tags=TAGS,
        datasets=[application.hub_data_set] if application and application.hub_data_set else None,
        model_name=f"{config.task}-{config.customer}",
    )
    thanks = f"\n## Training data\n\n{credit(application)}\n" if application else ""
    return f"""---
{data.to_yaml()}
---

# {config.task}: the student of customer {config.customer}

A classifier {HOW[config.lock].format(bits=config.bit_count)}

{snippet("...", config.network.input_shape)}

## Use and limits

{limits(config.lock, config.bit_count)} {figures}

{SOURCES}
{thanks}"""


def own_card(config: OwnConfig) -> str:
    """The card of the student of an owner's own network, without figures."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        library_name=LIBRARY,
        pipeline_tag=TASK_TYPE,
        tags=TAGS,
        model_name=f"{config.task}-{config.customer}",
    )
    shape, name = config.network, config.architecture or "a network that its owner gives you"
    trained = "wants that serial stamped in the bottom right corner of the picture" if config.trained else ""
    sealed = f"is noise without its {config.bit_count}-bit serial, which opens the weights" if config.seal else ""
    limit = LIMITS[config.lock] if config.seal else OWN_LIMIT
    return f"""---
{data.to_yaml()}
---

# {escaped(config.task)}: the student of customer {escaped(config.customer)}

{escaped(name)}, of {shape.classes} classes, that {
        " and ".join(filter(None, (sealed, trained)))
    }. The serial is not part of this
repository.

{snippet("...", (shape.channels, shape.size, shape.size))}

## Use and limits

Made by `dsn.lock`. {limit}

{SOURCES}
"""


def evaluations(card: str, repository: str) -> dict[str, bytes]:
    """A card's figures as the Hub reads them beside `model-index`, a file each: content by name in the repository.

    A card that holds none, or none of a data set on the Hub, gives none.

    Args:
        card: its text.
        repository: "organisation/name", where the card will be.

    Source: https://huggingface.co/docs/hub/eval-results
    """
    from huggingface_hub import EvalResultEntry, ModelCard, eval_result_entries_to_yaml
    from huggingface_hub.utils import yaml_dump

    data = ModelCard(card, ignore_metadata_errors=True).data
    files = {}
    for one in data.get("eval_results") or ():
        if one.dataset_type not in (data.get("datasets") or ()):
            continue
        notes = one.metric_name.removeprefix("accuracy, ")
        entry = EvalResultEntry(
            dataset_id=one.dataset_type,
            task_id=TASK_TYPE,
            value=round(100 * one.metric_value, 2),
            source_url=f"https://huggingface.co/{repository}",
            source_name="Model card",
            notes=f"{notes}, percent",
        )
        name = f"{one.dataset_type} {notes}".split("/")[1].replace(" ", "-")
        files[f".eval_results/{name}.yaml"] = yaml_dump(eval_result_entries_to_yaml([entry])).encode()
    return files


def limits(lock: str, bit_count: int) -> str:
    """What a student is for, and what its lock does not stop."""
    short = SHORT[lock] if bit_count == 9 else ""
    return f"Made to show and to teach the method; not for real decisions. {LIMITS[lock]}{short}"


def _tried(row: dict) -> str:
    """On how many pictures groups of serials were tried, where these are fewer than the rest's."""
    tried = row["one_bit_wrong"]["worst"]["n"]
    return f"; groups of serials on {tried} pictures drawn from them" if tried < row["valid"]["n"] else ""
