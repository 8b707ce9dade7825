"""The script that draws and answers the comparison in the visitor's browser, and what it knows beforehand."""

import json
from typing import Any

from dsn.applications.digits import fit_digit
from dsn.applications.registry import applications
from dsn.results.store import teacher_accuracy
from dsn.statistics import chance
from dsn.student.collection import Collection
from dsn.ui.compare.honest import honest_line
from dsn.ui.compare.records import GALLERY_COUNT, gallery_pictures
from dsn.ui.engine.sources import serials_script
from dsn.ui.lesson.steps import states_of_steps
from dsn.ui.rendering import HERE, render_template, script
from dsn.ui.serving.handed_out import handed_out
from dsn.ui.texts import Texts

SCRIPTS = HERE / "compare" / "scripts"
SHARED = ("drawing", "comparing", "leading")  # with the folder
BATCHES = {"digits": 50, "signs": 25}  # pictures an answer of the Worker, while measuring
SECTIONS = ("conditions", "panels", "compare", "measure", "avalanche", "share", "customers", "classes", "errors")


def as_json(value: object) -> str:
    """JSON that may stand inside a script."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def read_script(name: str) -> str:
    """A script of the comparison's own."""
    return (SCRIPTS / f"{name}.js").read_text("utf-8")


def page_script(texts: Texts, collection: Collection) -> str:
    """For the panels' component of the served page."""
    data = {**page_data(texts, collection), "files": handed_out(collection).addresses}
    first = next(iter(data["tasks"]))
    data["tasks"][first]["pictures"] = gallery_pictures(collection.held_out[first], data["tasks"][first]["gallery"])
    return "\n".join(
        [
            f"const TEXTS = {as_json(sections(texts))};",
            f"const DATA = {as_json(data)};",
            serials_script(),
            *map(read_script, (*SHARED, "served")),
            f"(() => {{\n{script('feel.js')}\n}})();",
        ]
    )


def page_data(texts: Texts, collection: Collection) -> dict[str, Any]:
    """What the page's script knows beforehand, besides the addresses of what it is handed out."""
    more = {"steps": states_of_steps(collection), "tabs": list(texts["page"]["tabs"])}
    return {**known(collection), "honest": honest_lines(texts, collection), **more}


def sections(texts: Texts, *others: str) -> dict[str, Any]:
    """The sentences that the scripts write."""
    shown = {name: texts[name] for name in (*SECTIONS, *others)}
    remarks = {name: texts.credit(one, "remark") for name, one in applications().items() if one.remark}
    return {**shown, "remarks": remarks, "export": {"table": texts["export"]["table"]}}


def known(collection: Collection) -> dict[str, Any]:
    """Students with their public serials, and applications with what is known of their held-out pictures."""
    return {
        "students": {
            f"{one.name}/{customer}": {
                "serial": collection.valid_serial(one.name, customer).text,
                "bits": len(collection.valid_serial(one.name, customer).bits),
                "locks": collection.locks(one.name, customer),
            }
            for one in collection.applications()
            for customer in collection.customers(one.name)
        },
        "tasks": {one.name: about_task(collection, one.name) for one in collection.applications()},
    }


def about_task(collection: Collection, task: str) -> dict[str, Any]:
    """What is known of an application and its held-out pictures."""
    held = collection.held_out[task]
    _, channels, size, _ = held.images.shape
    levels, teacher = chance(held.labels, len(held.class_names)), teacher_accuracy(task)
    application = next(one for one in collection.applications() if one.name == task)
    return {
        "customers": collection.customers(task),
        "classes": held.class_names,
        "channels": channels,
        "size": size,
        "labels": held.labels.tolist(),
        "gallery": held.gallery(GALLERY_COUNT),
        "first": held.first,
        "levels": {"uniform": levels.uniform, "majority": levels.majority},
        "teacher": teacher.percent if teacher else None,
        "can_be_drawn": application.can_be_drawn,
        "fit": "digit" if application.fit is fit_digit else "frame",
        "batch": BATCHES.get(task, min(BATCHES.values())),
    }


def honest_lines(texts: Texts, collection: Collection) -> dict[str, str]:
    """What is said of the lock under the panels, by "task/lock/bits"."""
    students = {f"{one.task}/{one.lock}/{one.bit_count}": one for one in map(collection.config, collection.students)}
    return {
        name: render_template("honest.html", honest=honest_line(texts, config)) for name, config in students.items()
    }
