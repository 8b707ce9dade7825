"""The page's sentences: one file a language beside this one, so that a translation is one file."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dsn.applications.record import Application

HERE = Path(__file__).parent
DEFAULT_LANGUAGE = "en"
PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Texts:
    """Every sentence of the page in one language.

    Attributes:
        language: its code, such as "en"; also the name of its file.
        sections: by name; each holds sentences, lists of sentences, or groups of them.
    """

    language: str
    sections: dict[str, Any]

    def __getitem__(self, section: str) -> Any:
        """One section, such as "compare"."""
        return self.sections[section]

    def title(self, application: Application) -> str:
        """An application's title; its own where this language has none."""
        return self.sections["tasks"].get(application.name, {}).get("title", application.title)

    def customer(self, name: str) -> str:
        """What a customer is called on the page, where that is not the name of the folder."""
        return str(self.sections["customers"].get(name, name))

    def student(self, name: str) -> str:
        """The same of a student, "task/customer"."""
        task, _, customer = name.partition("/")
        return f"{task}/{self.customer(customer)}"

    def credit(self, application: Application, word: str) -> Markup | str:
        """An application's "attribution", "licence" or "remark"; translations are our own and may hold markup."""
        translated = self.sections["tasks"].get(application.name, {}).get(word)
        return Markup(translated) if translated else self.of_line(str(getattr(application, word)))

    def class_names(self, task: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """The classes of an application; the names given where this language has none."""
        return tuple(self.sections["classes"].get(task, names))

    def of_error(self, error: Exception | str) -> str:
        """What an error says, in this language; as it is where there is no translation.

        Errors are raised in English by code that knows nothing of languages. A translation's "errors" give, for the
        English sentence with its {places}, the sentence to show. What stands at a place may be such a sentence itself.
        """
        return self._translated("errors", str(error))

    def of_line(self, line: str) -> str:
        """What a line of recorded figures is about, or such a figure with its unit; as an error's sentence is."""
        return self._translated("lines", line)

    def _translated(self, section: str, said: str) -> str:
        for english, translated in self.sections[section].items():
            found = re.fullmatch(_pattern(english), said, re.DOTALL)
            if found:
                parts = found.groupdict().items()
                return translated.format(**{name: self._translated(section, part) for name, part in parts})
        return said


@cache
def _pattern(english: str) -> str:
    """A regular expression for a sentence whose {places} may hold anything."""
    return PLACE.sub(r"(?P<\1>.+?)", re.sub(r"([^\w\s{}])", r"\\\1", english))


@cache
def load_texts(language: str) -> Texts:
    """The sentences of one language.

    Raises:
        ValueError: there is no such language.
    """
    if language not in languages():
        raise ValueError(f"There is no language {language!r}: choose one of {', '.join(languages())}.")
    return Texts(language, json.loads((HERE / f"{language}.json").read_text("utf-8")))


@cache
def languages() -> tuple[str, ...]:
    """The codes of all languages, the default first."""
    found = sorted(path.stem for path in HERE.glob("*.json"))
    return (DEFAULT_LANGUAGE, *(code for code in found if code != DEFAULT_LANGUAGE))
