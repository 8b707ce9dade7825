"""The owner's command line: `python -m dsn owner --help`. Thin: parse, call one function, print."""

import argparse
from pathlib import Path

from dsn.applications.registry import applications, with_training_share
from dsn.arguments import above_0, add_arithmetic, add_device
from dsn.distilling.recipes import HARDENED, RECIPES
from dsn.locks.registry import SEALED, STAMPED

EXPLANATION = """\
The owner's side, in the order an owner would use it:
  init     make the owner's key
  issue    sign a serial for a customer
  mint     a serial and a student for a customer, or for a table of them
  deliver  write a customer's student to a folder; a copy is sealed for it now
  list     what the ledger holds; export: the same as a table
  serial   print a customer's serials, to be given to that customer
  claim    write a signed claim of ownership
  verify   check a claim: anyone with the public key can
  trace    find out whose a leaked student is
  revoke   mark a customer's serials and students as revoked
Key and ledger lie in the folder DSN_OWNER names (or ~/.dsn-owner). An encrypted key's passphrase is asked for, or
taken from DSN_OWNER_PASSPHRASE.
"""


def add_owner_commands(commands: argparse._SubParsersAction) -> None:
    """Add `owner` and its commands to the project's command line."""
    top = commands.add_parser(
        "owner",
        help="The owner's side: key, serials, ledger, minting, tracing.",
        description=EXPLANATION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    below = top.add_subparsers(dest="owner_command", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return below.add_parser(name, help=help, description=help)

    def with_customer(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one.add_argument("--customer", required=True, help="a word, such as acme-2")
        one.add_argument(
            "--task", choices=list(applications()), default=next(iter(applications())), help="default: %(default)s"
        )
        return one

    init = command("init", "Make the owner's Ed25519 key and folder.")
    init.add_argument("--name", required=True, help="the owner's name, as it will stand in every verifier")
    init.add_argument("--passphrase", action="store_true", help="ask for a passphrase that encrypts the private key")

    issue = with_customer(command("issue", "Sign a customer's next serial and enter it in the ledger."))
    issue.add_argument("--claim", type=Path, metavar="FILE", help="write the claim too; it is as secret as the serial")

    mint = command("mint", "Issue a serial, distil the student, measure it, enter it; goes on after an interruption.")
    mint.add_argument(
        "--task", choices=list(applications()), default=next(iter(applications())), help="default: %(default)s"
    )
    whom = mint.add_mutually_exclusive_group(required=True)
    whom.add_argument("--customer", help="a word, such as acme-2")
    whom.add_argument("--customers", type=Path, metavar="FILE", help="CSV file with a column `customer`")
    mint.add_argument(
        "--lock", choices=[STAMPED, SEALED], default=STAMPED, help="sealed, for a table: copies of one student"
    )
    mint.add_argument(
        "--original", default="original", help="whose student they are copies of; distilled if need be (%(default)s)"
    )
    mint.add_argument("--again", action="store_true", help="another student for a customer who has one")
    mint.add_argument("--recipe", choices=list(RECIPES), default=HARDENED.name, help="default: %(default)s")
    mint.add_argument(
        "--epochs", type=above_0, help="passes over the training pictures (default: the application's own number)"
    )
    mint.add_argument("--data-share", type=float, default=1.0, help="share of the training pictures (default 1)")
    mint.add_argument("--seed", type=int, default=0, help="of all randomness (default 0)")
    add_device(mint)
    add_arithmetic(mint)
    mint.add_argument("--strict", action="store_true", help="refuse a student that misses any of the project's bars")
    mint.add_argument("--accept-any", action="store_true", help="enter even a student its serial does not unlock")
    mint.add_argument("--together", type=above_0, default=1, metavar="N", help="customers who share a program")
    mint.add_argument(
        "--engine", choices=["here", "ray"], default="here", help="ray: one task a customer, on RAY_ADDRESS or here"
    )
    mint.add_argument("--quiet", action="store_true", help="no progress bars")

    hand_over = with_customer(command("deliver", "Write a customer's student to a folder, to be handed over."))
    hand_over.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="to write: new, or empty")
    hand_over.add_argument("--number", type=int, help="which of the customer's students (default: the last)")

    with_customer(command("serial", "Print a customer's serials, decrypted: they belong to that customer alone."))

    claim = with_customer(command("claim", "Write a claim: a verifier with its signature, as secret as the serial."))
    claim.add_argument("file", type=Path, help="JSON file to write")
    claim.add_argument("--number", type=int, default=1, help="which of the customer's serials (default 1)")

    verify = command("verify", "Check a claim with the owner's public key; fails if it does not hold.")
    verify.add_argument("claim", type=Path, help="the claim's JSON file")
    verify.add_argument("--key", type=Path, required=True, help="the owner's public key (public-key.pem)")
    verify.add_argument("--student", help="folder or Hub repository of the student it is about")

    trace = command("trace", "Find out whose a leaked student is, from its weights alone.")
    trace.add_argument("network", help="its model.safetensors, a folder that has one, or a Hub repository")
    trace.add_argument("--revision", help="branch, tag or commit of the Hub repository")
    trace.add_argument("--json", action="store_true", help="print the report as JSON")

    measured = command(
        "measure-trace", "Trace shipped students and foreign networks; writes assets/results/trace.json."
    )
    measured.add_argument(
        "tasks", nargs="*", default=list(applications()), metavar="TASK", help="default: every application"
    )
    measured.add_argument("--foreign", type=int, default=300, help="networks that are none of ours (default 300)")
    add_device(measured, "that trains them")
    measured.add_argument("--part", choices=["traces", "ledger"], help="how often right, or how quick (default: both)")

    quick = command("measure-mint", "Mint quickly, as the page does, and measure it; writes assets/results/mint.json.")
    shares = [application.name for application in with_training_share()]
    quick.add_argument("--task", choices=shares, default=shares[0], help="default: %(default)s")
    quick.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    quick.add_argument("--threads", type=int, choices=(1, 2), help="of the processor (default: what torch takes)")

    copies = command(
        "measure-copies", "Mint, measure and trace copies of shipped students; writes assets/results/copies.json."
    )
    copies.add_argument(
        "tasks", nargs="*", default=list(applications()), metavar="TASK", help="default: every application"
    )
    copies.add_argument("--part", choices=["minting", "accuracy", "changes", "training"], help="default: all")
    copies.add_argument("--timed", type=int, default=1000, help="customers minted against the clock (default 1,000)")
    copies.add_argument("--ledger", type=int, default=10_000, help="customers in the ledger (default 10,000)")
    copies.add_argument("--customers", type=int, default=24, help="whose copies' accuracy is measured (default 24)")
    copies.add_argument("--trials", type=int, default=200, help="of every change (default 200)")
    copies.add_argument("--trained", type=int, default=20, help="networks that are trained on (default 20)")

    listing = command("list", "Print the ledger, without serials.")
    export = command("export", "Write the ledger as a table of comma-separated values.")
    export.add_argument("file", type=Path, help="CSV file to write, readable by its owner only")
    export.add_argument("--with-serials", action="store_true", help="decrypted; keep the file as safe as the key")
    for one in (listing, export):
        one.add_argument("--customer", help="of this customer only")

    revoke = command("revoke", "Mark a customer's serials and students as revoked in the ledger.")
    revoke.add_argument("--customer", required=True)
    revoke.add_argument("--task", choices=list(applications()), help="default: all applications")
    revoke.add_argument("--number", type=int, help="default: all of the customer's")
    revoke.add_argument("--reason", default="", help="why, for the ledger and trace reports")


def add_publish_command(commands: argparse._SubParsersAction) -> None:
    """Add `publish` to the project's command line."""
    text = "Upload students and their model cards to the Hub; the token is HF_TOKEN's."
    one = commands.add_parser("publish", help=text, description=text)
    one.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="students' folders")
    where = one.add_mutually_exclusive_group(required=True)
    where.add_argument("--repo", metavar="ORGANISATION/NAME", help="the repository, for one folder")
    where.add_argument("--organisation", help="for a collection: each goes to ORGANISATION/TASK-CUSTOMER")
    one.add_argument("--private", action="store_true", help="make new repositories private")
    one.add_argument("--dry-run", action="store_true", help="show what would be sent, and send nothing")


def run_publish(options: argparse.Namespace) -> None:
    """Run `publish`.

    Raises:
        OwnerError: what the owner can mend.
    """
    from dsn.owner import publish_action  # needs huggingface_hub, which training machines may lack

    publish_action.publish_folders(options)


def run_owner(options: argparse.Namespace) -> None:
    """Run one of the owner's commands.

    Raises:
        OwnerError: what the owner can mend.
    """
    from dsn.owner import actions  # needs cryptography and SQLAlchemy, which training machines may lack

    actions.ACTIONS[options.owner_command](options)
