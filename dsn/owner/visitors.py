"""Visitors who try being an owner: each has a key, students and files of their own, for as long as they stay."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dsn.allowance import Allowance, VisitorLimits
from dsn.applications.record import Application
from dsn.owner.errors import OwnerError
from dsn.owner.keys import fingerprint, public_pem
from dsn.owner.names import today, written_name
from dsn.owner.verifier import Verifier, serial_of
from dsn.owner.weights import weights_hash

if TYPE_CHECKING:
    from dsn.owner.claims import Claim
    from dsn.owner.mint.lower_quality import LowerQuality
    from dsn.owner.trace.tracing import Issued
    from dsn.student.student import Student

OWNER = "A visitor of this page"
STILL_MADE = "Your last network is still being made: wait for it, or press Stop."


@dataclass(frozen=True)
class MintOrder:
    """A student that a visitor wants.

    Attributes:
        tab: of the visitor's browser.
        claim: the signed verifier, whose signature gives the serial.
        public: the visitor's public key, PEM.
        number: names the order among all.
        lower: the visitor agreed to this lower quality; None for the usual one.
    """

    tab: str
    claim: Claim
    public: bytes
    number: str
    lower: LowerQuality | None = None


@dataclass(frozen=True)
class VisitorStudent:
    """A student that a visitor has.

    Attributes:
        order: what it was made for.
        student: in eval mode.
        weights: their hash.
        download: the file to download; None where it could not be written.
    """

    order: MintOrder
    student: Student
    weights: str
    download: Path | None


@dataclass
class _Visitor:
    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)
    made: list[VisitorStudent] = field(default_factory=list)
    issued: int = 0
    order: MintOrder | None = None
    ordered: float = field(default_factory=time.monotonic)
    offer: LowerQuality | None = None
    offered: float = 0.0


def customer_word(text: str) -> str:
    """What somebody typed as a customer's name: "Acme Ltd" becomes `acme-ltd`.

    Raises:
        OwnerError: no such word comes out of it; the message says what to type.
    """
    if not text.strip():
        raise OwnerError("Type a name first, such as Acme Ltd.")
    return written_name(re.sub(r"\s+", "-", text.strip()).lower())


class Visitors:
    """All visitors there are now. Nothing of them outlives their stay; nothing of one is told to another.

    Args:
        limits: how much is done for them.
        folder: for their files, each under a name nobody guesses.
    """

    def __init__(self, limits: VisitorLimits, folder: Path) -> None:
        self.limits, self._folder = limits, folder
        self._visitors: dict[str, _Visitor] = {}
        share = limits.share_of_one_address
        self._allowance = Allowance(limits.mints_per_hour, limits.mints_per_hour_in_all, share)
        self._lock = threading.RLock()

    def order(self, tab: str, address: str, application: Application, customer: str) -> MintOrder:
        """Sign a verifier with the visitor's key and queue for a student.

        Args:
            tab: the visitor's; a key is made at its first order.
            address: the visitor's, of which none uses up what there is for all.
            application: the application.
            customer: as typed.

        Raises:
            OwnerError: a name that cannot be, or a limit that is reached.
        """
        customer = customer_word(customer)
        with self._lock:
            self._drop_old()
            waiting = [one.order for one in self._visitors.values() if one.order]
            kept = sum(len(one.made) for one in self._visitors.values())
            known = self._visitors.get(tab)
            if known and known.order and not known.offer:
                raise OwnerError(STILL_MADE)
            if len(waiting) >= self.limits.waiting:
                raise OwnerError(f"{len(waiting)} visitors are waiting already: try again in some minutes.")
            if kept + len(waiting) >= self.limits.students_in_all:
                raise OwnerError("This page keeps as many visitors' networks as it can: try again in an hour.")
            if not self._allowance.take(tab, address):
                raise OwnerError(
                    f"Enough for now: {self.limits.mints_per_hour} networks an hour for one tab, "
                    f"{self.limits.mints_per_hour_in_all} for all."
                )
            visitor = known or _Visitor(self._folder / secrets.token_urlsafe(24))
            self._visitors[tab] = visitor
            visitor.offer = None
            visitor.order, visitor.ordered = self._signed(tab, visitor, application, customer), time.monotonic()
            return visitor.order

    def _signed(self, tab: str, visitor: _Visitor, application: Application, customer: str) -> MintOrder:
        from dsn.owner.claims import Claim

        public = visitor.key.public_key()
        while True:
            visitor.issued += 1
            verifier = Verifier(OWNER, customer, application.name, today(), visitor.issued)
            signature = visitor.key.sign(verifier.message())
            if serial_of(signature).is_issuable:
                claim = Claim(verifier, signature, fingerprint(public))
                return MintOrder(tab, claim, public_pem(public), secrets.token_urlsafe(12))

    def before(self, order: MintOrder) -> int:
        """How many others' orders came earlier and are not fulfilled yet; those that wait for a choice do not count."""
        with self._lock:
            mine = self._visitors[order.tab].ordered
            others = [one for one in self._visitors.values() if one.order and not one.offer]
            return sum(one.ordered < mine for one in others)

    def waiting_for(self, tab: str) -> MintOrder | None:
        """The order of this tab that is being made, or waits to be."""
        with self._lock:
            return self._visitors[tab].order if tab in self._visitors else None

    def is_wanted(self, order: MintOrder) -> bool:
        """Whether its visitor is still there and waits for it."""
        return self.waiting_for(order.tab) == order

    def withdraw(self, tab: str) -> None:
        """Whatever the tab has ordered is wanted no more."""
        with self._lock:
            if tab in self._visitors:
                self._visitors[tab].order = self._visitors[tab].offer = None

    def offer(self, order: MintOrder, lower: LowerQuality) -> None:
        """Ask the visitor whether a student of lower quality will do; until the answer nobody waits for the order."""
        with self._lock:
            if self.is_wanted(order):
                visitor = self._visitors[order.tab]
                visitor.offer, visitor.offered = lower, time.monotonic()

    def is_offered(self, tab: str) -> bool:
        """Whether this tab has an offer that is not answered yet."""
        with self._lock:
            return tab in self._visitors and self._visitors[tab].offer is not None

    def accept(self, tab: str) -> MintOrder:
        """Take the offer: the same order, with the same claim and serial, stands in the queue again, as the last.

        Raises:
            OwnerError: there is no such offer any more.
        """
        with self._lock:
            self._drop_old()
            visitor = self._visitors.get(tab)
            if visitor is None or visitor.order is None or visitor.offer is None:
                raise OwnerError("This offer has ended: mint again.")
            visitor.order, visitor.ordered = replace(visitor.order, lower=visitor.offer), time.monotonic()
            visitor.offer = None
            return visitor.order

    def keep(self, order: MintOrder, student: Student, card: str) -> tuple[VisitorStudent, str]:
        """Give a visitor the finished student.

        Args:
            order: what it was made for; it is fulfilled by this.
            student: in eval mode.
            card: text of its README.md.

        Returns:
            The student with its file, and what went wrong with the file, in one sentence, or nothing.

        Raises:
            OwnerError: the visitor has left.
        """
        from dsn.owner.mint.customer_zip import write_customer_zip

        with self._lock:
            if not self.is_wanted(order):
                raise OwnerError("This network is wanted no more.")
            visitor, problem = self._visitors[order.tab], ""
            said = order.claim.verifier
            download: Path | None = visitor.folder / str(said.number) / f"{said.task}-{said.customer}.zip"
            assert download is not None
            try:
                write_customer_zip(download, student, card, order.claim, order.public)
            except OwnerError as error:
                download, problem = None, str(error)
            made = VisitorStudent(order, student, weights_hash(student.state_dict()), download)
            visitor.made.append(made)
            for old in visitor.made[: -self.limits.students_per_tab]:
                if old.download:
                    old.download.unlink(missing_ok=True)
            visitor.made = visitor.made[-self.limits.students_per_tab :]
            visitor.order = None
            return made, problem

    def made(self, tab: str) -> list[VisitorStudent]:
        """The students of this tab, the latest last."""
        with self._lock:
            return list(self._visitors[tab].made) if tab in self._visitors else []

    def issued(self, tab: str, task: str) -> list[Issued]:
        """The students of this tab as an owner's records, for a trace."""
        from dsn.owner.trace.tracing import Issued

        return [
            Issued(f"{task}/{said.customer} (your number {said.number})", one.order.claim.serial, one.weights)
            for one in self.made(tab)
            if (said := one.order.claim.verifier).task == task
        ]

    def leave(self, tab: str) -> None:
        """Forget a tab: its key, its students, its files. Again is the same as once."""
        with self._lock:
            visitor = self._visitors.pop(tab, None)
        if visitor:
            shutil.rmtree(visitor.folder, ignore_errors=True)

    def _drop_old(self) -> None:
        for tab, one in self._visitors.items():
            if one.offer and time.monotonic() - one.offered > self.limits.seconds_to_choose:
                self.withdraw(tab)
        longest = 60 * self.limits.minutes_kept
        for tab in [tab for tab, one in self._visitors.items() if time.monotonic() - one.ordered > longest]:
            self.leave(tab)
