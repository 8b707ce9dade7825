"""Students made on a Ray cluster: one task each, made again where its worker dies.

The driver signs and keeps the ledger: the owner's private key never leaves it. Workers are given what they cannot do
without: the teacher, the pictures, and the serial of the student they make. The cluster is that of `RAY_ADDRESS`, or
this machine.
"""

import logging
import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from torch import Tensor

from dsn.applications.prepared import DataSet
from dsn.applications.record import Application
from dsn.networks.classifier import Classifier
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint.minting import commission, label_of, owned, put_on
from dsn.owner.mint.work_folder import WorkFolder
from dsn.owner.mint.worker import Commission, MeasuredStudent, Minting, Report, make_students
from dsn.places import ASSETS
from dsn.student.student import Student

CONNECTING_SECONDS = 10.0
RETRIES = 3  # after a worker's death
PACKAGE = ASSETS.parent / "dsn"  # sent to the workers, which have torch and the other requirements


def make_away(
    application: Application, wanted: Commission, teacher: Classifier, data: DataSet, how: Minting
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What a worker does: one student's weights and figures."""
    (made,) = make_students(application, [wanted], teacher, data, how)
    return made.student.state_dict(), made.figures


def make_on_ray(
    ledger: Ledger, application: Application, work_folders: Sequence[WorkFolder], how: Minting, report: Report
) -> None:
    """Make the students of these work folders, as many at a time as the cluster has room for.

    Raises:
        OwnerError: Ray is missing or cannot be reached, or a student could not be made.
    """
    teacher, data = owned(application)
    how = replace(how, progress=False)
    ray = _started()
    try:
        kept = [ray.put(one) for one in (teacher, data)]
        gpus = 1 if how.device.startswith("cuda") else 0
        away = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES)(make_away)
        waiting = {
            away.remote(
                application, commission(ledger, data.class_names, application, work_folder, how), *kept, how
            ): work_folder
            for work_folder in work_folders
        }
        report(f"{len(waiting)} students are being made on {ray.cluster_resources().get('CPU', 0):g} processors")
        while waiting:
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            work_folder = waiting.pop(done)
            try:
                weights, figures = ray.get(done)
            except ray.exceptions.RayError as error:
                raise OwnerError(
                    f"The student of {work_folder.verifier.customer} could not be made on the cluster "
                    f"({type(error).__name__}): run the same command again, which goes on where it stopped."
                ) from error
            put_on(
                work_folder,
                application,
                MeasuredStudent(
                    _student(commission(ledger, data.class_names, application, work_folder, how), weights), figures
                ),
            )
            report(f"{label_of(work_folder)}: made")
    finally:
        ray.shutdown()  # ends what is still under way


def _student(wanted: Commission, weights: dict[str, Tensor]) -> Student:
    student = Student(wanted.order.config)
    student.load_state_dict(weights)
    return student.eval()


def _started() -> ModuleType:
    """Ray, connected to a cluster: without its dashboard and without telling anyone of its use."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise OwnerError("Ray is not installed: run `pip install ray`, or leave `--engine ray` out.") from error
    try:
        address = os.environ.get("RAY_ADDRESS")
        _check_reachable(address)
        dashboard = None if address else False
        ray.init(
            address=address,
            include_dashboard=dashboard,
            runtime_env={"py_modules": [str(PACKAGE)]},
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise OwnerError(f"The Ray cluster cannot be reached ({error}): check RAY_ADDRESS, or unset it.") from error
    return ray


def _check_reachable(address: str | None) -> None:
    """Ask for a connection before Ray does, which would try for many minutes.

    Raises:
        OSError: nobody listens there.
    """
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECTING_SECONDS).close()
