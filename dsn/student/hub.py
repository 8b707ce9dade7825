"""A student from a folder or a Hub repository, and all the students the page shows."""

from __future__ import annotations

import re
import reprlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from dsn.applications.registry import applications
from dsn.student.config import StudentConfig
from dsn.student.folder import (
    CONFIG,
    LARGEST_FILES,
    WEIGHTS,
    StudentError,
    Students,
    bundled,
    check_folder,
    load_folder,
    save_student,
)
from dsn.student.hub_trouble import HubUnreachableError, not_a_hub, plain_errors
from dsn.student.patience import patiently

if TYPE_CHECKING:
    from dsn.student.student import Student

__all__ = ["HubUnreachableError", "Origin", "StudentError", "bundled", "load_student", "load_students", "save_student"]

MAIN = "main"
Answer = TypeVar("Answer")
REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]{0,199}", re.ASCII)  # it becomes part of an address, and of a file's path
COMMIT = re.compile(r"[0-9a-f]{40}")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
ENTRY = re.compile(rf"([\w-]+/[\w-]+)=({REPOSITORY.pattern})(?:@([\w./-]+))?", re.ASCII)


@dataclass(frozen=True)
class Origin:
    """Where a student came from.

    Attributes:
        kind: "bundled" or "hub".
        where: name of the folder of bundled students, or the Hub repository.
        revision: commit of the repository; None for a bundled student.
        note: why it is not from where it was wanted, in one sentence for the page, if so.
    """

    kind: Literal["bundled", "hub"]
    where: str
    revision: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Access:
    """How the Hub is asked.

    Attributes:
        token: of a private repository; None for `HF_TOKEN`, False for none.
        cache: folder of downloads; None for huggingface_hub's.
        force_download: download again what the cache has.
        local_files_only: never ask the Hub.
        longest: seconds that a student may take to come.
    """

    token: str | bool | None = None
    cache: str | Path | None = None
    force_download: bool = False
    local_files_only: bool = False
    longest: float = 300.0


def load_student(source: str | Path, *, revision: str | None = None, access: Access = Access()) -> Student:
    """A student from a folder or, where there is no such folder, from a Hub repository.

    It is in eval mode, on the CPU, channels_last, its weights not requiring gradients. From the Hub
    only `config.json` and `model.safetensors` are downloaded, into huggingface_hub's cache, which
    serves while the Hub cannot be reached; `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE` and `HF_HOME`
    mean what they mean there.

    Args:
        source: a folder such as `checkpoints/digits/<customer>`, or "organisation/name" on the Hub.
        revision: branch, tag or commit; `source` is then a Hub repository. None takes branch `main`.
        access: token, cache and the like.

    Raises:
        StudentError: no such student, a damaged one, or one that is not a student.
        HubUnreachableError: a StudentError where the Hub does not answer and its cache has no copy.
    """
    return load_folder(*folder_of(source, revision, access))


def folder_of(source: str | Path, revision: str | None, access: Access) -> tuple[Path, str]:
    """The folder of a student, downloaded where it is one of the Hub's, and what messages call it.

    Arguments and errors as in `load_student`.
    """
    if revision is None and (isinstance(source, Path) or Path(source).is_dir() or REPOSITORY.fullmatch(source) is None):
        return Path(source), str(source)
    folder = _download_in_time(str(source), revision or MAIN, access)
    return folder, _downloaded_name(folder, str(source))


def download_student(repository: str, revision: str | None = None) -> Path:
    """The folder of a Hub repository's two files in huggingface_hub's cache, not looked into yet.

    Raises:
        StudentError: no such repository, revision or file.
        HubUnreachableError: a StudentError where the Hub does not answer and its cache has no copy.
    """
    return _download_in_time(repository, revision or MAIN, Access())


def load_students(
    checkpoints: Path, repositories: str | None = None, timeout: float = 5.0
) -> tuple[Students, dict[str, Origin]]:
    """All bundled students, with those that `repositories` names taken from the Hub, looked into and not loaded yet.

    A student the Hub does not give in time is replaced by the bundled one, and its origin's note says so.

    Args:
        checkpoints: the folder of bundled students.
        repositories: a list such as "digits/alder=organisation/name, signs/fir=organisation/other@v2":
            task and customer, repository, and a branch, tag or commit (`main` where none is given).
        timeout: seconds to wait for the Hub, for all students together.

    Returns:
        The students and the origin of each, by "task/customer" in alphabetical order.

    Raises:
        StudentError: a malformed list, no student at all, or one that cannot be loaded.
    """
    wanted = _parse(repositories or "")
    downloads = {name: _start(partial(_download, *place)) for name, place in wanted.items()}
    deadline = time.monotonic() + timeout
    places: dict[str, tuple[Path, str]] = {}
    configs: dict[str, StudentConfig] = {}
    origins: dict[str, Origin] = {}
    for name in sorted({*bundled(checkpoints), *wanted}):
        note = None
        if name in downloads:
            repository, _ = wanted[name]
            try:
                folder = downloads[name].result(max(0.0, deadline - time.monotonic()))
            except (TimeoutError, HubUnreachableError) as error:
                if not (checkpoints / name).is_dir():
                    raise HubUnreachableError(
                        f"The Hub did not give {repository} within {timeout:g} seconds, and there is no {name} in "
                        f"{checkpoints.name}/ to take its place: try again when the Hub can be reached."
                    ) from error
                note = (
                    f"The Hugging Face Hub could not be reached within {timeout:g} seconds, "
                    "so what comes with the project is used in its place."
                )
            else:
                places[name] = folder, _downloaded_name(folder, repository)
                configs[name] = _expected(name, check_folder(*places[name]), repository)
                origins[name] = Origin("hub", repository, folder.name)
                continue
        places[name] = checkpoints / name, str(checkpoints / name)
        configs[name] = _expected(name, check_folder(*places[name]), f"{checkpoints.name}/{name}")
        origins[name] = Origin("bundled", checkpoints.name, note=note)
    if not places:
        raise StudentError(f"There is no student in {checkpoints}: make them with `make rebuild`.")
    return Students(places, configs), origins


def _parse(repositories: str) -> dict[str, tuple[str, str]]:
    """Repository and revision by "task/customer"; messages give places, for a pasted address may hold a token."""
    wanted: dict[str, tuple[str, str]] = {}
    for place, entry in enumerate(repositories.split(",") if repositories.strip() else [], start=1):
        match = ENTRY.fullmatch(entry.strip())
        if match is None:
            raise StudentError(
                f"Entry {place} of DSN_HUB_REPOS is not of the form task/customer=organisation/name or "
                "task/customer=organisation/name@revision: correct it, with commas between entries."
            )
        name, repository, revision = match.groups()
        if name.split("/")[0] not in applications():
            raise StudentError(
                f"DSN_HUB_REPOS names {name}, and there is no such task: use one of {', '.join(applications())}."
            )
        if name in wanted:
            raise StudentError(f"DSN_HUB_REPOS names {name} twice: leave one of the two.")
        wanted[name] = (repository, revision or MAIN)
    return wanted


def _expected(name: str, config: StudentConfig, where: str) -> StudentConfig:
    """What the student is, if it is the one its name says and takes this task's pictures."""
    network, application = config.network, applications()[name.split("/")[0]]
    held = f"{config.task}/{config.customer}"
    if held != name:
        raise StudentError(f"{where} holds the student {held}, not {name}: correct the name or the student.")
    if (network.channels, network.size, network.classes) != (
        application.network.channels,
        application.network.size,
        application.network.classes,
    ):
        raise StudentError(
            f"{where}/{CONFIG} is of a network that does not take {application.name}: use another student."
        )
    if application.home and config.classes != application.classes:
        raise StudentError(
            f"{where}/{CONFIG} has other classes than {application.name} has now: run `python -m dsn rebuild "
            f"{application.name}`."
        )
    return config


def _start(work: Callable[[], Path]) -> Future[Path]:
    """Begin work in a daemon thread: unlike an executor's, it never keeps the program from ending."""
    future: Future[Path] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except StudentError as error:
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(error)
            raise

    threading.Thread(target=run, name="student from the Hub", daemon=True).start()
    return future


def _downloaded_name(folder: Path, repository: str) -> str:
    return f"{repository}@{folder.name[:7]}"


def _download_in_time(repository: str, revision: str, access: Access) -> Path:
    try:
        return _start(partial(_download, repository, revision, access)).result(access.longest)
    except TimeoutError as error:
        raise HubUnreachableError(
            f"The Hub did not give {repository} within {access.longest:g} seconds: try again when it is faster."
        ) from error


def _download(repository: str, revision: str, access: Access = Access()) -> Path:
    """The folder of a repository's two files in huggingface_hub's cache; its name is the commit."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url  # not needed where students are made

    from dsn.student.own_folder import LARGEST_OWN_FILE, is_own

    _check_names(repository, revision)
    kept = _kept(repository, revision, access)
    if kept is not None and (COMMIT.fullmatch(revision) or access.local_files_only) and not access.force_download:
        return kept
    if access.local_files_only:
        raise HubUnreachableError(
            f"There is no copy of repository {repository} at revision {revision} on this machine: download it first."
        )
    token = access.token
    options: dict = {"token": token, "cache_dir": access.cache, "force_download": access.force_download}
    try:
        with plain_errors(repository, revision):
            # One request tells whether a Hub answers; a download would go on trying for minutes.
            answer = _asked(
                lambda: get_hf_file_metadata(hf_hub_url(repository, CONFIG, revision=revision), token=token)
            )
            commit = answer.commit_hash or ""
            if not COMMIT.fullmatch(commit):
                raise HubUnreachableError(not_a_hub(repository))
            weights = _asked(
                lambda: get_hf_file_metadata(hf_hub_url(repository, WEIGHTS, revision=commit), token=token)
            )
            _check_size(repository, CONFIG, answer.size or 0, LARGEST_FILES[CONFIG])
            size, largest = weights.size or 0, LARGEST_FILES[WEIGHTS]
            options |= {"tqdm_class": _bounded_progress(largest)}
            if largest < size <= LARGEST_OWN_FILE:  # which an own network's may have: its config.json comes first
                said = Path(_asked(lambda: hf_hub_download(repository, CONFIG, revision=commit, **options)))
                if is_own(said):
                    largest = size
                    options |= {"tqdm_class": _bounded_progress(largest)}
            _check_size(repository, WEIGHTS, size, largest)
            config = Path(_asked(lambda: hf_hub_download(repository, CONFIG, revision=revision, **options)))
            _asked(lambda: hf_hub_download(repository, WEIGHTS, revision=config.parent.name, **options))
            return config.parent
    except HubUnreachableError:
        if kept is None:
            raise
        return kept


def _check_size(repository: str, name: str, size: int, largest: int) -> None:
    if size > largest:
        raise StudentError(
            f"{repository}/{name} has {size:,} bytes, and a student's has at most {largest:,}: "
            "it is not a student, and was not downloaded."
        )


def _asked(call: Callable[[], Answer]) -> Answer:
    """Ask the Hub, again only where it says when."""
    return patiently(call, attempts=3, unasked=None)


def _bounded_progress(largest: int) -> type:
    """huggingface_hub's progress bar, which ends a download that brings more than it said (unpacked, or ever again)."""
    from huggingface_hub.utils import tqdm

    class Bounded(tqdm):
        received: float = 0

        def update(self, n: float | None = 1) -> bool | None:
            self.received += max(0, n or 0)
            if self.received > 2 * largest:
                raise OSError("more came than was announced")
            return super().update(n)

    return Bounded


def _check_names(repository: str, revision: str) -> None:
    from huggingface_hub.utils import validate_repo_id

    with plain_errors(reprlib.repr(repository), reprlib.repr(revision)):
        validate_repo_id(repository)
    if REVISION.fullmatch(revision) is None:
        raise StudentError(f"{reprlib.repr(revision)} is not a revision: give a branch, a tag or a commit's 40 digits.")


def _kept(repository: str, revision: str, access: Access) -> Path | None:
    """The folder of an earlier download, where it is whole."""
    from huggingface_hub import try_to_load_from_cache

    config, weights = (
        try_to_load_from_cache(repository, file, cache_dir=access.cache, revision=revision)
        for file in (CONFIG, WEIGHTS)
    )
    return Path(config).parent if isinstance(config, str) and isinstance(weights, str) else None
