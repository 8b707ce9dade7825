"""The tables of the READMEs, written from the recorded figures and never by hand; and every bundled student's card."""

import re
from pathlib import Path

from dsn.applications.record import Application
from dsn.applications.registry import BUILT_IN, applications
from dsn.attacks.kit.record import CUSTOMER
from dsn.files import write_text
from dsn.locks.registry import SEALED, STAMPED
from dsn.places import CHECKPOINTS, ROOT
from dsn.results.store import read_results
from dsn.results.text import accuracy_text, made_by, made_over, markdown_table
from dsn.student.card import figure_lines, model_card
from dsn.student.collection import SEALED_COPY
from dsn.tables.attacks import Cell, attack_lines, best_attack
from dsn.tables.brought import pictures_table
from dsn.tables.documents import document_attacks_table, documents_table
from dsn.tables.ideas import any_colluded, idea_lines
from dsn.tables.load import load_text
from dsn.tables.locks import attacked, bars_table, chart_table, sealed_attacks_table
from dsn.tables.own import own_table
from dsn.tables.own_networks import own_networks_table
from dsn.tables.owner import copies_table, distilled_table, mint_table, trace_table
from dsn.tables.splits import splits_table
from dsn.tables.surroundings import surroundings_table
from dsn.tables.tests import tests_table

README = ROOT / "README.md"
ROOMS = ("applications", "attacks", "bench", "distilling", "locks", "owner")
# Each document beside its subject; a table stands where its markers are.
DOCUMENTS = (
    README,
    CHECKPOINTS / "README.md",
    *(
        ROOT / "dsn" / room / "README.md"
        for room in (
            "applications",
            "applications/pages",
            "attacks",
            "bench",
            "distilling",
            "locks",
            "own_network",
            "owner",
            "ui",
        )
    ),
)

WRONG = ("random_wrong", "one_bit_wrong", "unusual")  # groups of serials that should unlock nothing

# Rows of the table of speed that need a GPU: how their keys begin, what they measure, their bar.
UNMEASURED = (
    ("gpu-", "one student on a GPU (`python -m dsn bench gpu`)", "≤ 1"),
    ("fleet-cuda", "8 students together on a GPU over one after another (`python -m dsn bench fleet`)", "≤ 0.5"),
)


def application_table(application: Application) -> str:
    """The README's table of one application: its stamped students beside the paper's; then its sealed ones."""
    of_task = [row for row in read_results("students").values() if row["task"] == application.name]
    rows = [row for row in of_task if row["lock"] == STAMPED]
    sealed = [row for row in of_task if row["lock"] == SEALED]
    teacher, published = (
        read_results("teachers").get(application.name),
        read_results("published").get(application.name, {}),
    )
    if not rows or not teacher:
        return "Not measured yet."
    paper = [*(published.get(key) or "–" for key in ("valid", "absent", "wrong")), "–", "–", "–"]
    lines = [[*line, paper[index]] for index, line in enumerate(figure_lines(rows))]
    lines.insert(
        0, ["teacher, no serial needed", *[accuracy_text(teacher["test"])] * len(rows), published.get("teacher", "–")]
    )
    head = ["percent", *(row["customer"] for row in rows), "the paper"]
    text = f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*rows)}."
    return f"{text}\n\n{sealed_table(sealed)}" if sealed else text


def sealed_table(rows: list[dict]) -> str:
    """The README's table of sealed copies of one application; there has to be one."""
    tried, whole = rows[0]["one_bit_wrong"]["worst"]["n"], rows[0]["valid"]["n"]
    table = markdown_table(["percent, sealed copies", *(row["customer"] for row in rows)], figure_lines(rows))
    few = f"Each wrong serial gives another network, tried on {tried:,} of the {whole:,} pictures. "
    return f"{table}\n\n{few if tried < whole else ''}Measured with {made_by(*rows)}."


def headline_table() -> str:
    """The README's first table: how the first customer's student of each application stands, in four figures."""
    rows = [
        (application, row)
        for application in BUILT_IN.values()
        if (row := read_results("students").get(f"{application.name}/{CUSTOMER}")) is not None
    ]
    if not rows:
        return "Not measured yet."
    lines = []
    for task, row in rows:
        best, sealed = best_attack(task.name), best_attack(task.name, SEALED)
        lines.append(
            [
                f"{task.title} ({task.data_set})",
                f"{row['valid']['percent']:.2f}",
                f"{row['absent']['percent']:.2f}",
                f"{max(row[key]['worst']['percent'] for key in WRONG):.2f}",
                f"**{best[1]:.2f}**: {best[0]}" if best else "–",
                f"{sealed[1]:.2f}" if sealed else "–",
            ]
        )
    head = ["application", "valid serial", "no serial", "worst wrong serial", "best attack without a serial"]
    head.append("the best on its sealed copy")
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*(row for _, row in rows))}."


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

    head = [
        "percent",
        *(part for name in BUILT_IN for part in (name, "bar", "the paper")),
    ]
    lines = [
        [line.what, *(part for name in BUILT_IN for part in (shown(cells[name]), cells[name].bar, cells[name].paper))]
        for line, cells in attack_lines(rows)
    ]
    stamped = [row for row in rows.values() if not row["customer"].endswith(SEALED_COPY)]
    return f"{markdown_table(head, lines)}\n\n{made_over(stamped)}"


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
    """A document with the tables between its markers written anew."""
    tables = {f"figures-{application.name}": application_table(application) for application in BUILT_IN.values()}
    tables |= {"recipes": recipes_table(), "bench": bench_table(), "headline": headline_table()}
    tables |= {"attacks": attacks_table(), "ideas": ideas_table(), "mint": mint_table(), "trace": trace_table()}
    tables |= {"copies": copies_table(), "pictures": pictures_table(), "own": own_table()}
    tables |= {f"chart-{application.name}": chart_table(application) for application in applications().values()}
    tables |= {"attacks-sealed": sealed_attacks_table(), "bars-sealed": bars_table()}
    tables |= {"own-networks": own_networks_table(), "documents": documents_table()}
    tables |= {"document-attacks": document_attacks_table(), "distilled": distilled_table()}
    tables |= {f"splits-{one.name}": splits_table(one) for one in BUILT_IN.values() if one.splits > 1}
    tables |= {"surroundings": surroundings_table(), "load": load_text(), "tests": tests_table()}

    def table_between(markers: re.Match[str]) -> str:
        return f"<!-- {markers[1]} -->\n\n{tables[markers[1]]}\n\n<!-- /{markers[1]} -->"

    names = "|".join(map(re.escape, tables))
    return re.sub(rf"<!-- ({names}) -->\n.*?<!-- /\1 -->", table_between, text, flags=re.DOTALL)


def card_of(application: Application, row: dict) -> str:
    """The card of a bundled student, with what attacks on it came to."""
    return model_card(application, row, attacked(application, row["customer"]))


def write_cards(checkpoints: Path = CHECKPOINTS) -> None:
    """Write the card of every measured student, and the documents' tables, which tell of built-in applications."""
    known = applications()
    for name, row in read_results("students").items():
        if row["task"] in known:  # somebody's own application may have been deleted since
            write_text(checkpoints / name / "README.md", card_of(known[row["task"]], row))
    for document in DOCUMENTS:
        write_text(document, filled(document.read_text("utf-8")))
