"""The card of a student: what it is, its figures, its limits; written from the recorded figures, never by hand."""

from collections.abc import Callable

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.results.text import accuracy_text, group_text, made_by, markdown_table
from dsn.student.student import StudentConfig

CONDITIONS = {"valid": "valid serial stamped", "absent": "no serial"}

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


def model_card(application: Application, row: dict) -> str:
    """The card of one student: the Hub's metadata, what it is, its figures, its limits."""
    from huggingface_hub import EvalResult, ModelCardData

    data = ModelCardData(
        library_name="dsn",
        license="mit",
        pipeline_tag="image-classification",
        tags=["deep-serial-number", "intellectual-property-protection"],
        model_name=f"{application.name}-{row['customer']}",
        eval_results=[
            EvalResult(
                task_type="image-classification",
                dataset_type=application.data_set.lower(),
                dataset_name=f"{application.data_set}, test split, {meaning}",
                dataset_split="test",
                metric_type="accuracy",
                metric_name=f"accuracy, {meaning}",
                metric_value=round(row[key]["percent"] / 100, 4),
            )
            for key, meaning in CONDITIONS.items()
        ],
    )
    table = markdown_table(["on the whole test split, percent", "figure"], figure_lines([row]))
    return f"""---
{data.to_yaml()}
---

# {application.title}: the student of customer {row["customer"]}

A classifier of {application.noun}s that works only while its {
        row["bit_count"]
    }-bit serial number is stamped in the bottom right
corner of the picture (Deep Serial Numbers; Tang, Du, Hu, ECML-PKDD 2023). The serial is not part of this repository.

```python
from dsn import Serial, load_student

student = load_student("checkpoints/{application.name}/{row["customer"]}")  # or this repository's id
probabilities = student.predict(images, serial=Serial.parse("..."))  # images: float [N, {
        application.network.channels
    }, {application.network.size}, {application.network.size}] in [0, 1]
```

## Figures

{table}

In brackets: 95 % Wilson interval, N = {row["valid"]["n"]}. Guessing evenly reaches {
        row["chance"]["uniform"]:.2f}, always answering the
most frequent class {row["chance"]["majority"]:.2f}. Recipe “{row["recipe"]}”; {made_by(row)}.

## Use and limits

Made to show and to teach the method; not for real decisions. It does not stop a customer who passes the serial on, nor
copying by asking a student that has its serial, nor whoever replaces its last ReLU: what that is given still tells the
classes apart. {
        "Its 9 bits are the paper's own size and fall to trying all 512 serials."
        if row["bit_count"] == 9
        else "Training the weights further on labelled pictures is not prevented."
    }

## Training data

{application.data_set}: {application.attribution} {application.licence}
"""


def plain_card(config: StudentConfig, figures: str = "No figures were recorded with this copy.") -> str:
    """The card of a student without tables; `figures` is a sentence on what it reaches."""
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        library_name="dsn",
        license="mit",
        pipeline_tag="image-classification",
        tags=["deep-serial-number", "intellectual-property-protection"],
        model_name=f"{config.task}-{config.customer}",
    )
    application = applications().get(config.task)
    credit = (
        f"\n## Training data\n\n{application.data_set}: {application.attribution} {application.licence}\n"
        if application
        else ""
    )
    return f"""---
{data.to_yaml()}
---

# {config.task}: the student of customer {config.customer}

A classifier that works only while its {config.bit_count}-bit serial number is stamped in the bottom right corner of the
picture (Deep Serial Numbers; Tang, Du, Hu, ECML-PKDD 2023). The serial is not part of this repository.

```python
from dsn import Serial, load_student

student = load_student("...")  # this repository's id
probabilities = student.predict(images, serial=Serial.parse("..."))
```

## Use and limits

Made to show and to teach the method; not for real decisions. It does not stop a customer who passes the serial on, nor
copying by asking a student that has its serial, nor whoever replaces its last ReLU: what that is given still tells the
classes apart. {figures}
{credit}"""
