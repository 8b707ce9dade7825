"""A PostgreSQL of the test's own: started as an unprivileged user, in a folder that goes with it, on no network.

Run by itself it makes sure that the programs are there, installing Debian's package when run as root.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from find_browser import succeeds

USER = "nobody"  # whom the server runs as where the tests run as root, which it refuses to
START_SECONDS = 120


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version there is; None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(found, key=lambda folder: int(folder.parent.name), default=Path(on_path).parent if on_path else None)


def install() -> bool:
    """Whether PostgreSQL is there, once Debian's package has been asked for where that may be done."""
    if programs() is None and os.geteuid() == 0:
        _ = succeeds("apt-get", "update") and succeeds("apt-get", "install", "-y", "postgresql")
    return programs() is not None


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and give the end of its databases' addresses: what follows `postgresql+psycopg://`."""
    folder = programs()
    assert folder
    home = Path(tempfile.mkdtemp(prefix="dsn-postgres-"))
    user = USER if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    data, name = home / "data", user or os.environ.get("USER", "owner")
    as_user: dict = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    as_user |= {"cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    initialise: list[str | Path] = [
        folder / "initdb",
        "-D",
        data,
        "-U",
        name,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "--locale=C",
    ]
    try:
        subprocess.run(initialise, check=True, **as_user)
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"], **as_user
        )
        try:
            end = time.monotonic() + START_SECONDS
            while subprocess.run([folder / "pg_isready", "-h", home], **as_user).returncode:
                assert server.poll() is None and time.monotonic() < end, "PostgreSQL does not start"
                time.sleep(0.2)
            yield f"{name}@/{{database}}?host={home}"
        finally:
            server.send_signal(signal.SIGINT)  # at once: SIGTERM waits for whoever is still connected
            with suppress(subprocess.TimeoutExpired):
                server.wait(60)
            server.kill()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__" and not install():
    sys.exit("PostgreSQL cannot be installed here: the ledger's tests on a real server are left out.")
