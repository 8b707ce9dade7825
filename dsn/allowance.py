"""How much the page does for one visitor, and for all of them together."""

import threading
from dataclasses import dataclass

from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


@dataclass(frozen=True)
class VisitorLimits:
    """Limits of a public page: they bound what the machine does, and what one browser tab makes it do.

    Addresses are not counted, since a class behind one router, or a whole site behind one proxy, has one. Only the
    last part of what there is for all is kept for other addresses, so that no single one uses everything up.

    Attributes:
        students_per_tab: kept at a time; the oldest goes when another is made.
        students_in_all: kept at a time, for all visitors.
        waiting: orders that may stand in the queue.
        seconds_per_student: that a minting may take by its first forecast; beyond, a smaller one is offered.
        seconds_at_most: after which one is given up that became slower than its forecast.
        seconds_to_choose: that such an offer waits for an answer; then the order is withdrawn.
        minutes_kept: after a tab's last order, for its key and its students; closing the tab ends them at once.
        mints_per_hour: ordered by a tab.
        mints_per_hour_in_all: ordered by all.
        looks_per_hour: at uploaded pictures and files, for a tab.
        looks_per_hour_in_all: such looks for all.
        uploads_at_once: received at a time; others wait for their turn.
        seconds_per_upload: from its first byte to its last, and of waiting for a turn.
        megabytes_per_hour_in_all: received from all; a file is one at least.
        megabytes_free: that stay free on the disk.
        exports_per_tab: files made for a visitor to keep; the oldest goes when another is made.
        exports_per_hour: such files made for a tab.
        exports_per_hour_in_all: such files made for all.
        share_of_one_address: of everything that is limited for all; the rest is for others.
    """

    students_per_tab: int = 3
    students_in_all: int = 120
    waiting: int = 60
    seconds_per_student: float = 240.0
    seconds_at_most: float = 720.0
    seconds_to_choose: float = 90.0
    minutes_kept: float = 60.0
    mints_per_hour: int = 12
    mints_per_hour_in_all: int = 160
    looks_per_hour: int = 120
    looks_per_hour_in_all: int = 4000
    uploads_at_once: int = 8
    seconds_per_upload: float = 120.0
    megabytes_per_hour_in_all: int = 4000
    megabytes_free: int = 500
    exports_per_tab: int = 4
    exports_per_hour: int = 60
    exports_per_hour_in_all: int = 800
    share_of_one_address: float = 0.75


class Allowance:
    """Counts what visitors did within the last hour.

    Args:
        per_tab: so often may one tab do it in an hour; None where tabs are not known.
        in_all: so often may all of them.
        share: of that, for one address, over 0 and up to 1.
    """

    def __init__(self, per_tab: int | None, in_all: int, share: float = 1.0) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_tab = None if per_tab is None else RateLimitItemPerHour(per_tab)
        self._in_all = RateLimitItemPerHour(in_all)
        self._per_address = RateLimitItemPerHour(max(1, int(share * in_all)))
        self._lock = threading.Lock()

    def take(self, tab: str, address: str, cost: int = 1) -> bool:
        """Count one more, and say whether it is within all limits; what is not does not count.

        Args:
            tab: the visitor's browser tab.
            address: the visitor's, which others may share.
            cost: so many at once.
        """
        asked = [(self._in_all, "all", ""), (self._per_address, "address", address)]
        if self._per_tab is not None:
            asked.append((self._per_tab, "tab", tab))
        with self._lock:
            return all(self._limiter.test(*one, cost=cost) for one in asked) and all(
                self._limiter.hit(*one, cost=cost) for one in asked
            )
