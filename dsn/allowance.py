"""How much the page does for one visitor, and for all of them together."""

import threading
from dataclasses import dataclass

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


@dataclass(frozen=True)
class VisitorLimits:
    """Limits of a public page. A visitor is an internet address, or a browser tab where that is said.

    Attributes:
        students_per_tab: kept at a time; the oldest goes when another is made.
        students_in_all: kept at a time, for all visitors.
        waiting: orders that may stand in the queue.
        seconds_per_student: that a minting may take by its first forecast; beyond, a smaller one is offered.
        seconds_at_most: after which one is given up that became slower than its forecast.
        seconds_to_choose: that such an offer waits for an answer; then the order is withdrawn.
        minutes_kept: after a tab's last order, for its key and its students; closing the tab ends them at once.
        mints_per_hour: ordered by a visitor.
        mints_per_hour_in_all: ordered by all.
        uploads_per_hour: files sent by a visitor.
        uploads_per_hour_in_all: files sent by all.
        exports_per_tab: files made for a visitor to keep; the oldest goes when another is made.
        exports_per_hour: such files made for a visitor.
        exports_per_hour_in_all: such files made for all.
    """

    students_per_tab: int = 3
    students_in_all: int = 60
    waiting: int = 6
    seconds_per_student: float = 240.0
    seconds_at_most: float = 720.0
    seconds_to_choose: float = 90.0
    minutes_kept: float = 60.0
    mints_per_hour: int = 12
    mints_per_hour_in_all: int = 60
    uploads_per_hour: int = 40
    uploads_per_hour_in_all: int = 200
    exports_per_tab: int = 4
    exports_per_hour: int = 60
    exports_per_hour_in_all: int = 400


class Allowance:
    """Counts what visitors did within the last hour.

    Args:
        per_visitor: so often may one do it in an hour.
        in_all: so often may all of them.
    """

    def __init__(self, per_visitor: int, in_all: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_visitor, self._in_all = RateLimitItemPerHour(per_visitor), RateLimitItemPerHour(in_all)
        self._lock = threading.Lock()

    def take(self, visitor: str) -> bool:
        """Count one more, and say whether it is within both limits; what is not does not count."""
        with self._lock:
            if not self._limiter.test(self._in_all, "all") or not self._limiter.hit(self._per_visitor, "one", visitor):
                return False
            return self._limiter.hit(self._in_all, "all")
