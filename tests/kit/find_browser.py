"""A Chromium for the browser tests: Playwright's own where it can be had, else the system's.

Run by itself it makes sure that there is one, installing Debian's package when run as root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The first draws no window, even for itself: it loads a page at about half of the cost.
SYSTEM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "chromium")  # Debian's; the first is not everywhere
DOWNLOAD_SECONDS = 300


def own_browser() -> str | None:
    """Playwright's own Chromium, where it has been downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def system_browser() -> str | None:
    """A Chromium on the PATH."""
    return next((path for name in SYSTEM_NAMES if (path := shutil.which(name))), None)


def browser_path() -> str | None:
    """The Chromium that the tests use; None where there is none."""
    return own_browser() or system_browser()


def succeeds(*command: str) -> bool:
    """Whether a command can be run and ends well."""
    try:
        return subprocess.run(command, timeout=DOWNLOAD_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> None:
    """Find a browser or get one; without any, say what to do."""
    if browser_path():
        return
    if succeeds(sys.executable, "-m", "playwright", "install", "chromium") and own_browser():
        return
    installing = (succeeds("apt-get", "install", "-y", package) for package in PACKAGES)
    if os.geteuid() == 0 and succeeds("apt-get", "update") and any(installing):
        return
    sys.exit("No Chromium found for the browser tests: install one (Debian: apt-get install chromium) and try again.")


if __name__ == "__main__":
    main()
