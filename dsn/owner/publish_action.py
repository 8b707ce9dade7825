"""What `python -m dsn publish` does: check every folder first, then send one after another."""

import argparse

from dsn.owner.errors import OwnerError
from dsn.owner.keys import PRIVATE, open_owner, owner_home
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.passphrase import passphrase
from dsn.owner.publishing import dry_run, pack, publish, repository_names


def publish_folders(options: argparse.Namespace) -> None:
    """Publish one folder, or a collection; with `--dry-run` only say what would go.

    Raises:
        OwnerError: a folder, name or token that will not do.
        StudentError: a folder that does not hold a student.
    """
    if options.repo and len(options.folders) > 1:
        raise OwnerError("--repo is for one folder: publish a collection with --organisation.")
    names = [options.repo] if options.repo else repository_names(options.folders, options.organisation)
    home = owner_home()
    ledger = Ledger(open_owner(home, passphrase)) if (home / PRIVATE).exists() else None
    publications = [pack(folder, name, ledger) for folder, name in zip(options.folders, names, strict=True)]
    for publication in publications:
        if options.dry_run:
            print("\n".join(dry_run(publication, options.private)))
        else:
            print(f"{publication.repository} at commit {publish(publication, private=options.private)}", flush=True)
    if options.dry_run:
        print("Nothing was sent.")
