"""Named endpoints for other programs: /compare, /measure, /random_serial; the same as tools of an MCP server.

A tool has its function's name and is described by its docstring, which programs read: what it takes, what comes back.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder

from dsn.applications.reading import PictureError, open_picture, picture_at
from dsn.applications.registry import applications
from dsn.measuring import comparison
from dsn.serials import SerialError
from dsn.statistics import Accuracy, chance
from dsn.student.collection import Collection
from dsn.ui.compare.chosen_picture import Chosen, entered_serial, from_gallery
from dsn.ui.serving.own_folder import is_inside

if TYPE_CHECKING:
    from dsn.student.student import Student

NOT_SENT = "This file was not sent to this page: send it with handle_file, or as a data:image/png;base64, address."


def sent(upload: FileData | dict[str, Any]) -> Path:
    """Where an uploaded file lies; programs' come as plain values, which Gradio does not look into.

    Raises:
        PictureError: it is none that was sent to this page.
    """
    path = upload.get("path") if isinstance(upload, dict) else getattr(upload, "path", None)
    if not isinstance(path, str) or not is_inside(path, Path(get_upload_folder())):
        raise PictureError(NOT_SENT)
    return Path(path)


def is_text(**given: Any) -> None:
    """That what a program gave is text.

    Raises:
        ValueError: the first that is not; the message says which.
    """
    for name, value in given.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} has to be text, and this is {value!r:.40}.")


def add_endpoints(collection: Collection) -> None:
    """Add the endpoints to the page being built."""

    def picture_of(application: str, picture: int, upload: FileData | str | None) -> Chosen:
        if upload:
            brought = picture_at(upload) if isinstance(upload, str) else open_picture(sent(upload))
            return Chosen(applications()[application].fitted(brought))
        count = len(collection.held_out[application].labels)
        if type(picture) not in (int, float) or picture not in range(count):
            raise ValueError(f"There is no held-out picture {picture!r:.40}: choose one from 0 to {count - 1}.")
        return from_gallery(collection, application, int(picture))

    def under(application: str, customer: str, lock: str) -> "Student":
        is_text(application=application, customer=customer, lock=lock)
        student = collection.student(application, customer, lock)
        if lock and lock not in collection.locks(application, customer):
            known = ", ".join(collection.locks(application, customer))
            raise ValueError(f"There is no lock {lock!r} on this student: choose one of {known}.")
        return student

    def compare(
        application: str,
        customer: str,
        serial: str = "",
        picture: int = 0,
        upload: FileData | str | None = None,
        lock: str = "",
    ) -> dict[str, Any]:
        """Ask one student about one picture: with its valid serial, with yours, with none.

        Args:
            application: its name, such as "digits".
            customer: whose student.
            serial: the serial to enter; empty for none.
            picture: which of the held-out pictures, from 0.
            upload: a picture of your own, in place of a held-out one; a file, or data:image/png;base64 and so on.
            lock: "stamped", the trained one, or "sealed"; empty for its own.

        Returns:
            for "valid", "entered" and "absent": the likeliest answers, each a class and its probability (0 to 1),
            whether the best is right (null for a picture of your own), whether all classes are equally likely
            ("silent"), and whether the serial is the student's own; "truth" is the picture's class.
        """
        try:
            student = under(application, customer, lock or "")
            is_text(serial=serial or "")
            entered = entered_serial(serial or "", student.config.bit_count)
            chosen = picture_of(application, picture, upload)
        except (SerialError, PictureError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        valid = collection.valid_serial(application, customer)
        panels = comparison.compare(student, chosen.picture, valid, entered, chosen.label)
        return {
            panel.condition: {
                "answers": [
                    {"class": answer.name, "probability": round(answer.probability, 6)} for answer in panel.answers
                ],
                "right": panel.is_right,
                "silent": panel.is_even,
                "serial_is_valid": panel.serial_is_valid,
            }
            for panel in panels
        } | {"truth": None if chosen.label is None else student.config.classes[chosen.label]}

    def measure(application: str, customer: str, serial: str = "", lock: str = "") -> dict[str, Any]:
        """Measure one student on its held-out pictures, at most 1,000, under the three conditions.

        Args:
            application: its name, such as "digits".
            customer: whose student.
            serial: the serial to enter; empty for none.
            lock: "stamped", the trained one, or "sealed"; empty for its own.

        Returns:
            for "valid", "entered" and "absent": right answers in percent with a 95 % interval ("low", "high"), of "n"
            pictures, and how many had no answer; "chance" is what guessing evenly and the most frequent class reach.
        """
        try:
            student = under(application, customer, lock or "")
            is_text(serial=serial or "")
            entered = entered_serial(serial or "", student.config.bit_count)
        except (SerialError, ValueError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        held = collection.held_out[application]
        *_, whole = comparison.measure(student, held.split, collection.valid_serial(application, customer), entered)
        levels = chance(held.labels, len(held.class_names))
        accuracies: dict[str, Accuracy | None] = {one: whole.accuracy(one) for one in comparison.CONDITIONS}
        return {
            name: accuracy.as_json() | {"no_answer": whole.silent[name]}  # type: ignore[index]
            for name, accuracy in accuracies.items()
            if accuracy
        } | {"chance": {"uniform": round(levels.uniform, 2), "majority": round(levels.majority, 2)}}

    def random_serial(application: str, customer: str) -> str:
        """A random well-formed serial of the right length that does not unlock the student.

        Args:
            application: its name, such as "digits".
            customer: whose student it must not unlock.

        Returns:
            the serial's text.
        """
        try:
            under(application, customer, "")
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return collection.random_wrong_serial(application, customer).text

    gr.api(compare, api_name="compare", queue=False)
    gr.api(measure, api_name="measure", concurrency_limit=2)
    gr.api(random_serial, api_name="random_serial", queue=False)
