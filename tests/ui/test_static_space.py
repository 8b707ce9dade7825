"""The folder as a static Space: its README's header is what the Hub reads, and what it names is there."""

from pathlib import Path

from huggingface_hub import SpaceCard, SpaceCardData

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}  # those that a Space may have
LONGEST_DESCRIPTION = 60  # characters


def test_the_folder_opens_as_a_static_space(static_folder: Path) -> None:
    card = SpaceCard.load(static_folder / "README.md")
    assert isinstance(card.data, SpaceCardData)
    data = card.data.to_dict()
    assert data["sdk"] == "static" and data["title"] and data["emoji"] and data["license"] == "mit"
    assert {data["colorFrom"], data["colorTo"]} <= COLOURS
    assert len(data["short_description"]) <= LONGEST_DESCRIPTION
    page = (static_folder / data["app_file"]).read_text("utf-8")
    for named in ("page.css", "engine.js", "page.js"):
        assert f'"{named}"' in page and (static_folder / named).is_file()
    assert "http://" not in page.replace("http://www.w3.org", "") and "//cdn" not in page
