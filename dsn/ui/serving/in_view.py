"""What a press leads to, brought into view where it stands below what was pressed, as on a phone."""

from collections.abc import Callable

ONE_COLUMN = 900  # pixels of width up to which a tab's controls stand above its stage
INTO_VIEW = (
    "() => {{ "
    "const place = document.querySelector('{place}'); "
    f"if (!place || innerWidth > {ONE_COLUMN}) return; "
    "place.dataset.ledTo = ''; "  # for styles that make room
    "place.scrollIntoView({{ block: 'start', behavior: 'smooth' }}); "
    "}}"
)


def leads_to(event: Callable, place: str) -> None:
    """Have a place of a tab come into view.

    Args:
        event: a listener of Gradio's that sets it off, such as `button.click`.
        place: a CSS selector; nothing moves where nothing matches.
    """
    event(None, js=INTO_VIEW.format(place=place), queue=False, api_visibility="private")
