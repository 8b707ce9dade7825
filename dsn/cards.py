"""Model cards and the README's tables, written from the recorded figures and never by hand."""

import re
from collections.abc import Callable
from pathlib import Path

from dsn.attack_tables import Cell, attack_lines
from dsn.collection import CHECKPOINTS
from dsn.files import write_text
from dsn.ideas_table import any_colluded, idea_lines
from dsn.markdown import accuracy_text, group_text, made_by, made_over, markdown_table
from dsn.owner_tables import mint_table, trace_table
from dsn.results import read_results
from dsn.student import StudentConfig
from dsn.tasks import TASKS, Task

README = CHECKPOINTS.parent / "README.md"
CONDITIONS = {"valid": "valid serial stamped", "absent": "no serial"}


# Rows of the table of speed that need a GPU: how their keys begin, what they measure, their bar.
UNMEASURED = (
    ("gpu-", "one student on a GPU (`python -m dsn bench gpu`)", "≤ 1"),
    ("fleet-cuda", "8 students together on a GPU over one after another (`python -m dsn bench fleet`)", "≤ 0.5"),
)

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


def model_card(task: Task, row: dict) -> str:
    """The card of one student: the Hub's metadata, what it is, its figures, its limits."""
    from huggingface_hub import EvalResult, ModelCardData

    data = ModelCardData(
        library_name="dsn",
        license="mit",
        pipeline_tag="image-classification",
        tags=["deep-serial-number", "intellectual-property-protection"],
        model_name=f"{task.name}-{row['customer']}",
        eval_results=[
            EvalResult(
                task_type="image-classification",
                dataset_type=task.data_set.lower(),
                dataset_name=f"{task.data_set}, test split, {meaning}",
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

# {task.title}: the student of customer {row["customer"]}

A classifier of {task.noun}s that works only while its {
        row["bit_count"]
    }-bit serial number is stamped in the bottom right
corner of the picture (Deep Serial Numbers; Tang, Du, Hu, ECML-PKDD 2023). The serial is not part of this repository.

```python
from dsn import Serial, load_student

student = load_student("checkpoints/{task.name}/{row["customer"]}")  # or this repository's id
probabilities = student.predict(images, serial=Serial.parse("..."))  # images: float [N, {task.network.channels}, {
        task.network.size
    }, {task.network.size}] in [0, 1]
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

{task.data_set}: {task.attribution} {task.licence}
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
    task = TASKS.get(config.task)
    credit = f"\n## Training data\n\n{task.data_set}: {task.attribution} {task.licence}\n" if task else ""
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


def task_table(task: Task) -> str:
    """The README's table of one application."""
    rows = [row for row in read_results("students").values() if row["task"] == task.name]
    teacher, published = read_results("teachers").get(task.name), read_results("published").get(task.name, {})
    if not rows or not teacher:
        return "Not measured yet."
    paper = [*(published.get(key) or "–" for key in ("valid", "absent", "wrong")), "–", "–", "–"]
    lines = [[*line, paper[index]] for index, line in enumerate(figure_lines(rows))]
    lines.insert(
        0, ["teacher, no serial needed", *[accuracy_text(teacher["test"])] * len(rows), published.get("teacher", "–")]
    )
    head = ["percent", *(row["customer"] for row in rows), "the paper"]
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*rows)}."


def recipes_table() -> str:
    """The README's table of recipes: each other one beside the shipped student of the same customer."""
    others = list(read_results("recipes").values())
    if not others:
        return "Not measured yet."
    shipped = read_results("students")
    rows = [row for other in others for row in (shipped[f"{other['task']}/{other['customer']}"], other)]
    head = ["percent", *(f"{row['task']}, {row['recipe']}" for row in rows)]
    return f"{markdown_table(head, figure_lines(rows))}\n\nThe literal one measured with {made_by(*others)}."


def bench_table() -> str:
    """The README's table of speed."""
    rows = read_results("bench")
    if not rows:
        return "Not measured yet."
    lines = [
        [row["what"], f"{row['ratio']:.2f}", row["bar"], "yes" if row["met"] else "**no**"] for row in rows.values()
    ]
    for key, what, bar in UNMEASURED:
        if not any(one.startswith(key) for one in rows):
            lines.append([what, "no GPU at hand yet", bar, "–"])
    table = markdown_table(["ratio within one run", "measured", "bar", "met"], lines)
    return f"{table}\n\nMeasured with {made_by(*rows.values())}."


def attacks_table() -> str:
    """The README's table of attacks, with their bars; a figure that misses its bar is in bold.

    Of several figures in a cell each is for a share of the data, from the smallest on.
    """
    rows = read_results("attacks")
    if not rows:
        return "Not measured yet."

    def shown(cell: Cell) -> str:
        return f"**{cell.text}**" if cell.met is False else cell.text

    head = ["percent", *(part for task in TASKS.values() for part in (task.name, "bar", "the paper"))]
    lines = [
        [line.what, *(part for one in cells.values() for part in (shown(one), one.bar, one.paper))]
        for line, cells in attack_lines(rows)
    ]
    return f"{markdown_table(head, lines)}\n\n{made_over(rows.values())}"


def ideas_table() -> str:
    """The README's table of ideas against fine-tuning, the shipped recipe first."""
    rows = read_results("ideas")
    if not rows:
        return "Not measured yet."
    lines = idea_lines(rows)
    colluded = any_colluded(lines)
    head = ["idea", "valid", "one bit wrong: mean / worst", "fine-tuned, best way", "minus scratch"]
    head += ["grey pattern: worst", *(["three customers collude: absent"] if colluded else []), "kept"]
    cells = [
        [
            line.what,
            line.valid,
            line.one_bit,
            line.stolen,
            line.minus_scratch,
            line.grey,
            *([line.colluded] if colluded else []),
            "yes" if line.kept else "no",
        ]
        for line in lines
    ]
    return f"{markdown_table(head, cells)}\n\n{made_over(rows.values())}"


def filled(text: str) -> str:
    """The README with the tables between its markers written anew."""
    tables = {f"figures-{task.name}": task_table(task) for task in TASKS.values()}
    tables |= {"recipes": recipes_table(), "bench": bench_table()}
    tables |= {"attacks": attacks_table(), "ideas": ideas_table(), "mint": mint_table(), "trace": trace_table()}

    def table_between(markers: re.Match[str]) -> str:
        return f"<!-- {markers[1]} -->\n\n{tables[markers[1]]}\n\n<!-- /{markers[1]} -->"

    names = "|".join(map(re.escape, tables))
    return re.sub(rf"<!-- ({names}) -->\n.*?<!-- /\1 -->", table_between, text, flags=re.DOTALL)


def write_cards(checkpoints: Path = CHECKPOINTS) -> None:
    """Write every measured student's card and the README's tables."""
    for name, row in read_results("students").items():
        write_text(checkpoints / name / "README.md", model_card(TASKS[row["task"]], row))
    write_text(README, filled(README.read_text("utf-8")))
