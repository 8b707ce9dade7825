"""A program that issues serials one after another and tells each once it is committed, for tests that kill it."""

import sys
from pathlib import Path

from dsn.owner.keys import open_owner
from dsn.owner.ledger import Ledger

if __name__ == "__main__":
    home, customer, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    ledger = Ledger(open_owner(home))
    print("ready", flush=True)
    for turn in range(count):
        entry = ledger.issue(customer, "digits")
        print(entry.verifier.number, flush=True)
        if turn % 3 == 0:
            ledger.enter_student(entry.verifier, f"{entry.verifier.number:064x}")
            ledger.revoke(customer, "no reason", number=entry.verifier.number)
