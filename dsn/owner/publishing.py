"""Publishing students on the Hub: the three files of each and its figures, checked before the first byte goes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.weights import weights_hash
from dsn.serials import Serial
from dsn.student.card import evaluations, plain_card
from dsn.student.folder import CONFIG, WEIGHTS, load_folder
from dsn.student.hub import REPOSITORY
from dsn.student.patience import patiently
from dsn.student.student import Student

CARD = "README.md"
LARGEST_CARD = 1_000_000  # bytes
LOADING = re.compile(r'load_student\("[^"\n]*"\)[^\n]*')
Report = Callable[[str], None]


@dataclass(frozen=True)
class Publication:
    """What would go to one repository.

    Attributes:
        repository: "organisation/name".
        files: content by name.
        title: the commit's message.
    """

    repository: str
    files: dict[str, bytes]
    title: str


def pack(folder: Path, repository: str, ledger: Ledger | None = None) -> Publication:
    """Check a student's folder and gather what is to be published.

    Args:
        folder: the student's.
        repository: "organisation/name".
        ledger: the owner's, where it is at hand: what was revoked is refused, and so is a card that holds a serial.

    Raises:
        OwnerError: a name that cannot be, a revoked student, or a serial in the card.
        StudentError: the folder does not hold a student.
    """
    if REPOSITORY.fullmatch(repository) is None or ".." in repository or "--" in repository:
        raise OwnerError(f"{repository!r} is not a repository on the Hub: write organisation/name.")
    student = load_folder(folder)
    card = _card(folder / CARD, student, repository)
    if ledger is not None:
        _check_with_ledger(student, card, ledger)
    files = {name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)} | {CARD: card.encode()}
    files |= evaluations(card, repository)
    return Publication(repository, files, f"Student {student.config.task}/{student.config.customer}")


def publish(
    publication: Publication, *, private: bool = False, endpoint: str | None = None, report: Report = print
) -> str:
    """Send a publication to the Hub in one commit; the repository is made where it is missing.

    The token is `HF_TOKEN`'s, or the one huggingface_hub was logged in with. A busy Hub is waited for.

    Returns:
        The commit that holds it.

    Raises:
        OwnerError: the Hub refuses or cannot be reached; the message never holds the token.
    """
    import httpx2
    from huggingface_hub import CommitOperationAdd, HfApi, errors

    api = HfApi(endpoint=endpoint)
    where = publication.repository
    try:
        patiently(lambda: api.create_repo(where, private=private, exist_ok=True), report=report)
        done = patiently(
            lambda: api.create_commit(
                where,
                [
                    CommitOperationAdd(path_in_repo=name, path_or_fileobj=publication.files[name])
                    for name in publication.files
                ],
                commit_message=publication.title,
            ),
            report=report,
        )
    except errors.HFValidationError as error:
        raise OwnerError(f"{where!r} is not a repository on the Hub: write organisation/name.") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        advice = {
            401: "set HF_TOKEN to a token that may write there",
            403: "set HF_TOKEN to a token that may write there",
            404: "check the organisation's name, and that your token may see it",
            429: "it is busy; try again in some minutes, and what was sent is not sent again",
        }.get(status, "try again later")
        raise OwnerError(f"The Hub refuses {where} (answer {status}): {advice}.") from None
    except (httpx2.LocalProtocolError, UnicodeError):
        raise OwnerError("HF_TOKEN is not a token: copy it again, without anything before or after it.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, errors.OfflineModeIsEnabled):
        raise OwnerError(f"The Hub cannot be reached for {where}: check the network and HF_ENDPOINT.") from None
    except (ValueError, KeyError) as error:  # answers that are no JSON, or not the Hub's; a card it does not take
        reason = "its card is refused" if "metadata" in str(error) else "what answers is not a Hub"
        raise OwnerError(f"{where} could not be published ({reason}): check the card and HF_ENDPOINT.") from None
    return done.oid


def repository_names(folders: Sequence[Path], organisation: str) -> list[str]:
    """A repository for each folder of a collection: `organisation/task-customer`.

    Raises:
        OwnerError: two folders hold the student of one customer.
        StudentError: a folder does not hold a student.
    """
    names = []
    for folder in folders:
        config = load_folder(folder).config
        names.append(f"{organisation}/{config.task}-{config.customer}")
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise OwnerError(f"Two of the folders would both go to {double}: publish them one by one with --repo.")
    return names


def dry_run(publication: Publication, private: bool) -> list[str]:
    """What would be sent, in lines."""
    kind = "private" if private else "public"
    sizes = [f"  {name}: {len(content):,} bytes" for name, content in publication.files.items()]
    return [f"{publication.repository} ({kind}), in one commit, “{publication.title}”:", *sizes]


def _card(path: Path, student: Student, repository: str) -> str:
    if not path.exists():
        text = plain_card(student.config)
    else:
        with path.open("rb") as file:
            content = file.read(LARGEST_CARD + 1)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise OwnerError(f"{path} is not text in UTF-8: write it again.") from None
        if len(content) > LARGEST_CARD:
            raise OwnerError(f"{path} is larger than {LARGEST_CARD:,} bytes: shorten it.")
    return LOADING.sub(f'load_student("{repository}")', text)


def _check_with_ledger(student: Student, card: str, ledger: Ledger) -> None:
    digest = weights_hash(student.state_dict())
    plain = re.sub(r"[^0-9A-Z*~$=]", "", card.upper())
    entries = ledger.entries(task=student.config.task)
    originals = {entry.original for entry in entries}
    for entry in entries:
        if entry.weights == digest and entry.label in originals:
            raise OwnerError(f"{entry.label} is what copies are made of and stays with the owner: publish a copy.")
        if entry.weights == digest and entry.revoked_on:
            raise OwnerError(f"{entry.label} was revoked on {entry.revoked_on}: mint another student to publish.")
        if _spelled(ledger.serial(entry)) in plain:
            raise OwnerError(f"The card holds the serial of {entry.label}: take it out, it belongs to the customer.")


def _spelled(serial: Serial) -> str:
    return serial.text.replace("-", "")
