"""What the page says of an attack: its language's sentences, and the attack's own words where it has none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsn.attacks.kit.record import Attack
from dsn.ui.texts import Texts


@dataclass(frozen=True)
class AttackWords:
    """The sentences about one attack in one language.

    Attributes:
        texts: of the page.
        attack: from the registry.
    """

    texts: Texts
    attack: Attack

    @property
    def said(self) -> dict[str, Any]:
        """All sentences about attacks."""
        return self.texts["attack"]

    @property
    def title(self) -> str:
        return titles(self.texts).get(self.attack.name, self.attack.title)

    @property
    def about(self) -> str:
        """Who the adversary is and what is done."""
        return self.said.get(f"about_{self.attack.name}", " ".join(self.attack.about.split()))

    @property
    def axis(self) -> str:
        """What its curves are over."""
        return self.said.get(f"axis_{self.attack.name}", "")

    @property
    def recorded_on(self) -> str:
        """Which pictures a recorded run is on."""
        return self.said["recorded_on"].get(self.attack.name, self.said["recorded_on"]["usual"])

    def curve(self, title: str) -> str:
        """What a curve is called."""
        return self.said.get(title, title)

    def found(self, name: str) -> str:
        """What a picture that the adversary found is called."""
        return self.said.get(f"found_{name}", name)

    def came_to(self, figures: Mapping[str, object], *, in_vain: bool) -> str:
        """What the finished attack came to.

        Args:
            figures: as they are written, by name.
            in_vain: whether nothing came of it.
        """
        usual = self.said.get(f"said_{self.attack.name}")
        sentence = self.said.get(f"said_{self.attack.name}_in_vain", usual) if in_vain else usual
        return sentence.format(**figures) if sentence else "; ".join(f"{name}: {one}" for name, one in figures.items())


def titles(texts: Texts) -> dict[str, str]:
    """The titles of all attacks that a language has words for."""
    return texts["attack"]["shown"] | texts["attack"]["recorded_only"]


def in_order(texts: Texts, attacks: Iterable[Attack]) -> list[Attack]:
    """Attacks as they are shown: in the order of the sentences about them, then those that have none."""
    places = {name: place for place, name in enumerate(titles(texts))}
    return sorted(attacks, key=lambda attack: places.get(attack.name, len(places)))
