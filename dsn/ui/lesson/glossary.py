"""Terms of the field, each explained where it stands, on hover and on focus."""

import itertools
import re

from markupsafe import Markup, escape

from dsn.ui.texts import Texts

TERM = re.compile(r'<dfn data-term="(\w+)">(.*?)</dfn>')
EXPLAINED = Markup(
    '<dfn class="term"><button type="button" aria-describedby="{id}">{word}</button>'
    '<span role="tooltip" id="{id}">{meaning}</span></dfn>'
)


def with_terms(texts: Texts, html: str, name: str = "term") -> str:
    """HTML whose marked terms explain themselves.

    Args:
        texts: of the page; its "glossary" has the meanings.
        html: with terms such as `<dfn data-term="teacher">teacher</dfn>`.
        name: with a number after it, the identity of each explanation; once a page.

    Raises:
        KeyError: a term that the glossary does not have.
    """
    numbers = itertools.count(1)

    def explained(found: re.Match[str]) -> str:
        term, word = found.groups()
        meaning = escape(texts["glossary"][term])
        return EXPLAINED.format(id=f"{name}-{next(numbers)}", word=Markup(word), meaning=meaning)

    return TERM.sub(explained, html)
