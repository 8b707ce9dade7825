"""Waiting as long as a busy Hub asks for, and no longer than is sensible."""

import time
from collections.abc import Callable
from typing import TypeVar

LONGEST_WAIT = 60.0  # seconds at a time
ATTEMPTS = 6
BUSY = (429, 503)
Result = TypeVar("Result")


def patiently(
    call: Callable[[], Result],
    *,
    attempts: int = ATTEMPTS,
    unasked: float | None = 1.0,
    report: Callable[[str], None] = lambda line: None,
) -> Result:
    """Call the Hub, again where it says that it is busy.

    Args:
        call: asks the Hub; it must do no harm to ask twice.
        attempts: at most so many.
        unasked: seconds to wait first where the Hub does not say how long, doubled each time; None gives up there.
        report: told each wait.

    Raises:
        HfHubHTTPError: the Hub's last answer, or one that is not about being busy.
    """
    from huggingface_hub.errors import HfHubHTTPError

    for attempt in range(attempts):
        try:
            return call()
        except HfHubHTTPError as error:
            asked = wait_asked(error.response.headers)
            if asked is None and unasked is not None:
                asked = unasked * 2**attempt
            if error.response.status_code not in BUSY or asked is None or attempt == attempts - 1:
                raise
            if asked > LONGEST_WAIT:
                raise
            report(f"The Hub is busy and asks to wait {asked:g} seconds.")
            time.sleep(asked)
    raise AssertionError("unreachable")


def wait_asked(headers) -> float | None:
    """Seconds that an answer's `Retry-After` or `RateLimit` header asks to wait; None where neither does."""
    from huggingface_hub.utils import parse_ratelimit_headers

    after = headers.get("Retry-After", "")
    if after.strip().isdecimal() and len(after) < 9:
        return float(after)
    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else None
