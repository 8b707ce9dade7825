"""What Hub users expect a model to answer to: `from_pretrained`, `save_pretrained`, `push_to_hub`.

huggingface_hub's own mixin reads a pickled `pytorch_model.bin` where `model.safetensors` is missing. Here every way
of loading goes through `dsn.student.hub`, which knows of no other files than `config.json` and `model.safetensors`.
"""

from pathlib import Path
from typing import Any, NoReturn

try:
    from huggingface_hub import PyTorchModelHubMixin
except ImportError:  # machines that only train
    PyTorchModelHubMixin = object  # type: ignore[assignment, misc]


class StudentHubMixin(PyTorchModelHubMixin):
    """huggingface_hub's mixin over this project's loading and saving; `dsn.Student` has it."""

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
    ):
        """A student from a folder or a Hub repository, as `dsn.load_student` gives it.

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
        from dsn.student.hub import Access, load_student

        if others:
            raise TypeError(f"from_pretrained() takes no {', '.join(sorted(others))}")
        access = Access(token=token, cache=cache_dir, force_download=force_download, local_files_only=local_files_only)
        return load_student(pretrained_model_name_or_path, revision=revision, access=access)

    @classmethod
    def _from_pretrained(cls, *, model_id: str, revision: str | None = None, **others: Any):
        return cls.from_pretrained(
            model_id,
            revision=revision,
            **{
                name: others[name]
                for name in ("force_download", "token", "cache_dir", "local_files_only")
                if name in others
            },
        )

    @classmethod
    def _load_as_pickle(cls, *ignored: Any, **also: Any) -> NoReturn:
        from dsn.student.folder import StudentError

        raise StudentError("Pickled weights are never read: ask for the student's model.safetensors.")

    def _save_pretrained(self, save_directory: Path) -> None:
        from dsn.student.folder import save_student
        from dsn.student.student import Student

        assert isinstance(self, Student)
        save_student(self, Path(save_directory))

    def generate_model_card(self, *ignored: Any, **also: Any):
        """The card that `save_pretrained` and `push_to_hub` write where there is none: without figures."""
        from huggingface_hub import ModelCard

        from dsn.student.card import plain_card
        from dsn.student.student import Student

        assert isinstance(self, Student)
        return ModelCard(plain_card(self.config))
