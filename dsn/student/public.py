"""The student of the public API: what a customer holds with `from_pretrained`, `save_pretrained` and `push_to_hub`.

Hub users expect a model to answer to these. huggingface_hub's own mixin reads a pickled `pytorch_model.bin` where
`model.safetensors` is missing. Here every way of loading goes through `dsn.student.hub`, which knows of no other files
than `config.json` and `model.safetensors`.
"""

from pathlib import Path
from typing import Any, NoReturn, overload

import torch
from torch import nn

from dsn.locks.sealing import USUAL_COST, ScryptCost
from dsn.serials import Serial
from dsn.student import hub, sealing
from dsn.student.card import own_card, plain_card
from dsn.student.folder import StudentError, save_student
from dsn.student.hub import Access
from dsn.student.own import OwnStudent as HeldOwn
from dsn.student.own import seal_own, unseal_own
from dsn.student.own_folder import load_any, save_own
from dsn.student.student import Student as Held

ASKED_AS_USUAL = Access()

try:
    from huggingface_hub import PyTorchModelHubMixin
except ImportError:  # machines that only train
    PyTorchModelHubMixin = object  # type: ignore[assignment, misc]


class HubMethods(PyTorchModelHubMixin):
    """huggingface_hub's methods over this project's loading and saving, for students of either kind."""

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        **others: Any,
    ) -> Any:
        """A student from a folder or a Hub repository, as `dsn.load_student` gives it, of whichever kind it is.

        Args:
            pretrained_model_name_or_path: a folder, or "organisation/name" on the Hub.
            force_download: download again what the cache has.
            token: of a private repository; None for `HF_TOKEN`, False for none.
            cache_dir: in place of huggingface_hub's.
            local_files_only: never ask the Hub.
            revision: branch, tag or commit; None takes `main`.
            others: none are known.

        Raises:
            StudentError: no such student, a damaged one, or one that is not a student.
            TypeError: an argument that is not known.
        """
        if others:
            raise TypeError(f"from_pretrained() takes no {', '.join(sorted(others))}")
        access = Access(token=token, cache=cache_dir, force_download=force_download, local_files_only=local_files_only)
        return load_student(pretrained_model_name_or_path, revision=revision, access=access)

    @classmethod
    def _from_pretrained(cls, *, model_id: str, revision: str | None = None, **others: Any) -> Any:
        known = ("force_download", "token", "cache_dir", "local_files_only")
        return cls.from_pretrained(
            model_id, revision=revision, **{name: others[name] for name in known if name in others}
        )

    @classmethod
    def _load_as_pickle(cls, *ignored: Any, **also: Any) -> NoReturn:
        raise StudentError("Pickled weights are never read: ask for the student's model.safetensors.")

    def _save_pretrained(self, save_directory: Path) -> None:
        save_any(self, Path(save_directory))

    def generate_model_card(self, *ignored: Any, **also: Any):
        """The card that `save_pretrained` and `push_to_hub` write where there is none: without figures."""
        from huggingface_hub import ModelCard  # not needed where students are made

        return ModelCard(card_of(self))


class Student(Held, HubMethods):
    """What a customer holds, with huggingface_hub's methods, which read and write safetensors and JSON only."""

    @classmethod
    def of(cls, student: Held) -> "Student":
        """The same student, on the same weights: in eval mode, its weights not requiring gradients."""
        with torch.device("meta"):
            made = cls(student.config)
        made.load_state_dict(student.state_dict(), assign=True)
        return made.requires_grad_(False).eval()


class OwnStudent(HeldOwn, HubMethods):
    """What a customer holds of an owner's own network, with huggingface_hub's methods."""

    @classmethod
    def of(cls, student: HeldOwn) -> "OwnStudent":
        """The same student, on the same weights, in eval mode."""
        return cls(student.config, student.layers, student.sealed).eval()


def save_any(student: object, folder: Path) -> None:
    """Write a student's two files, of whichever kind it is."""
    if isinstance(student, HeldOwn):
        save_own(student, folder)
        return
    assert isinstance(student, Held)
    save_student(student, folder)


def card_of(student: object) -> str:
    """A student's card without figures, of whichever kind it is."""
    if isinstance(student, HeldOwn):
        return own_card(student.config)
    assert isinstance(student, Held)
    return plain_card(student.config)


def load_student(
    source: str | Path,
    *,
    revision: str | None = None,
    access: Access = ASKED_AS_USUAL,
    network: nn.Module | str | None = None,
) -> Any:
    """A student from a folder or a Hub repository, as `dsn.student.hub.load_student` gives it, with the Hub's methods.

    Args:
        source: a folder such as `checkpoints/digits/<customer>`, or "organisation/name" on the Hub.
        revision: branch, tag or commit; `source` is then a Hub repository. None takes branch `main`.
        access: token, cache and the like.
        network: of an own network whose architecture is a program: the network, of any weights, or
            "package.module:function". Torchvision's and timm's are found by the name in `config.json`.

    Returns:
        A `Student`, or an `OwnStudent` where `config.json` says so: whoever loads one knows which.

    Raises:
        StudentError: no such student, a damaged one, or one that is not a student.
        HubUnreachableError: a StudentError where the Hub does not answer and its cache has no copy.
    """
    folder, name = hub.folder_of(source, revision, access)
    student = load_any(folder, name, network)
    return OwnStudent.of(student) if isinstance(student, HeldOwn) else Student.of(student)


@overload
def seal(student: Held, serial: Serial, *, salt: str | None = None, scrypt: ScryptCost = USUAL_COST) -> Student: ...


@overload
def seal(
    student: HeldOwn, serial: Serial, *, salt: str | None = None, scrypt: ScryptCost = USUAL_COST
) -> OwnStudent: ...


def seal(
    student: Held | HeldOwn, serial: Serial, *, salt: str | None = None, scrypt: ScryptCost = USUAL_COST
) -> Student | OwnStudent:
    """A copy whose weights are noise without the serial, as `dsn.student.sealing.seal` gives it.

    Args:
        student: stamped, in eval mode; left as it is. Inside, it still wants its serial in the picture.
        serial: its own.
        salt: 32 hexadecimal digits; None draws a random one. The same student, serial and salt give the same copy.
        scrypt: what finding the key is to cost.

    Raises:
        SealError: a student that is sealed already, or weights that are not finite.
        ValueError: a serial of another length.
    """
    if isinstance(student, HeldOwn):
        return OwnStudent.of(seal_own(student, serial, salt=salt, scrypt=scrypt))
    return Student.of(sealing.seal(student, serial, salt=salt, scrypt=scrypt))


@overload
def unseal(student: Held, serial: Serial) -> Student: ...


@overload
def unseal(student: HeldOwn, serial: Serial) -> OwnStudent: ...


def unseal(student: Held | HeldOwn, serial: Serial) -> Student | OwnStudent:
    """A stamped copy of a sealed student, readable by everybody; with a wrong serial it is noise.

    Args:
        student: sealed; left as it is.
        serial: of as many bits as the student's.

    Raises:
        SealError: a student that is not sealed, or one of an own network that has no other lock.
        ValueError: a serial of another length.
    """
    if isinstance(student, HeldOwn):
        return OwnStudent.of(unseal_own(student, serial))
    return Student.of(sealing.unseal(student, serial))
