"""The disk that visitors' files lie on: a killed app leaves nothing for long, and a full one is said in a sentence."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from disk import files

from dsn.allowance import VisitorLimits
from dsn.bench.load.people import pictures
from dsn.bench.load.rows import Mixed, Visits, Watch, visiting
from dsn.bench.load.tab import API, Tab
from dsn.bench.load.watch import RunningApp, running_app
from dsn.export.visitor_files import ExportError, VisitorFiles
from dsn.ui.serving.file_guard import NO_ROOM
from dsn.ui.serving.own_folder import LOCK, PREFIX, clear_abandoned, own_folder
from dsn.ui.serving.uploads import Uploads
from dsn.ui.texts import load_texts

SMALL = "tests/kit/small_page.py"
DISK = 12  # megabytes
MOUNTED = ["unshare", "--user", "--map-root-user", "--mount"]
TEXTS = load_texts("en")


def visitors_files(folder: Path) -> list[Path]:
    """What lies where the page keeps visitors' files."""
    return [path for path in files(folder) if path.parent != folder]


# Killed


def test_a_killed_app_starts_again_and_clears_away_what_the_killed_one_left(tmp_path: Path) -> None:
    place = tmp_path / "tmp"
    place.mkdir()

    async def until_killed(visits: Visits, _: Watch) -> None:
        busy = Mixed(stays=9, pause=(0.0, 0.1))
        async with visits.tab(random.Random(9)) as tab:
            await tab.give("upload", *pictures()[0])
            end = time.monotonic() + 600
            going = [asyncio.create_task(visits.wander(busy, end, random.Random(number))) for number in range(4)]
            await asyncio.sleep(2)
            os.kill(visits.app.process, signal.SIGKILL)
            await asyncio.wait(going, timeout=0.5)
        for task in going:
            task.cancel()

    with running_app(SMALL, place) as app:
        asyncio.run(visiting(app, 0, until_killed))
    (left,) = place.glob(f"{PREFIX}*{LOCK}")
    assert visitors_files(left.with_suffix("")), "the killed app left a visitor's file"

    async def compare_picture(visits: Visits, _: Watch) -> None:
        async with visits.tab(random.Random(1)) as tab:
            assert "note error" not in await tab.press(
                "upload", "change", upload=await tab.give("upload", *pictures()[0])
            )
            assert len(visitors_files(place)) == 1

    with running_app(SMALL, place) as app:
        assert not left.exists() and not left.with_suffix("").exists()
        asyncio.run(visiting(app, 0, compare_picture))
        (other,) = place.glob(f"{PREFIX}*{LOCK}")
        clear_abandoned(place)
        assert other.exists() and other.with_suffix("").is_dir(), "a running app's folder is nobody else's to clear"
    assert list(place.glob(f"{PREFIX}*")) == []


def test_a_program_that_finds_no_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file" / "below"))
    with (
        pytest.raises(SystemExit, match=r"^There is no room for visitors' files \(.+\): free some .* in TMPDIR\.$"),
        own_folder(),
    ):
        pass


# Full


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningApp, Path]]:
    """The app whose folder for visitors' files is on a disk of its own, and where that is."""
    place = tmp_path_factory.mktemp("disk")
    mount = f"mount -t tmpfs -o size={DISK}m none {place}"
    if subprocess.run([*MOUNTED, "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    command = [*MOUNTED, "sh", "-c", f'{mount} && exec "$0" "$@"', sys.executable, SMALL]
    with running_app(command, place) as app:
        yield app, Path(f"/proc/{app.process}/root{place}")


def fill(disk: Path) -> Path:
    """Write until nothing more can be written."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_is_said_and_the_page_goes_on(small_disk: tuple[RunningApp, Path]) -> None:
    app, disk = small_disk

    async def with_and_without_room(visits: Visits, _: Watch) -> None:
        async with Tab(visits.client, visits.layouts[0], "me", visits.log) as tab:
            file = await tab.upload(*pictures()[0])
            filler = fill(disk)
            response = await visits.client.post(f"{API}/upload", files={"files": ("7.png", pictures()[1][1])})
            assert (response.status_code, response.text.strip()) == (507, NO_ROOM)
            assert TEXTS["export"]["refused"]["no_room"] in await tab.press("export-buttons", "make", {"kind": "png"})
            minted = await tab.press("mint-button", mint_name="elm")
            assert "The file with the network could not be written" in minted and "is ready" in minted
            assert "note error" not in await tab.press("upload", "change", upload=file), "what is there can be used"
            await tab.call("compare", "digits", "alder", "", 7, None, "")
            left = [path for path in visitors_files(disk) if path != filler]
            assert [path.name for path in left] == [Path(file["path"]).name], "nothing half-written"
            filler.unlink()
            await check_room_again(tab, disk)

    asyncio.run(visiting(app, 0, with_and_without_room))


async def check_room_again(tab: Tab, disk: Path) -> None:
    await tab.upload("again.png", pictures()[1][1])
    assert 'class="exported"' in (await tab.press("export-buttons", "make", {"kind": "pdf"})).replace('\\"', '"')
    assert "could not be written" not in await tab.press("mint-button", mint_name="fir")
    (minted,) = disk.rglob("*.zip")
    assert zipfile.ZipFile(minted).testzip() is None


def test_a_disk_that_becomes_full_while_a_file_arrives(small_disk: tuple[RunningApp, Path]) -> None:
    app, disk = small_disk
    begun = b'--x\r\nContent-Disposition: form-data; name="files"; filename="large.png"\r\n\r\n'

    def content() -> Iterator[bytes]:
        yield begun + bytes(1_000_000)
        fill(disk)
        yield bytes(5_000_000) + b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(len(begun) + 6_000_009)}
    response = httpx.post(f"{app.address}{API}/upload", content=content(), headers=headers, timeout=600)
    assert (response.status_code, response.text.strip()) == (507, NO_ROOM)


# Files that come and go


def test_a_file_stays_as_long_as_a_tab_that_brought_it(tmp_path: Path) -> None:
    uploads, file = Uploads(tmp_path, 1e9), tmp_path / "hash" / "seven.png"
    file.parent.mkdir()
    file.write_bytes(b"7")
    uploads.bring("one", file)
    uploads.bring("other", file)
    assert uploads.leave("one") == set() and file.exists()
    assert uploads.leave("other") == {file} and not file.parent.exists()
    assert uploads.leave("other") == set()


def test_a_file_that_was_sent_again_stays(tmp_path: Path) -> None:
    uploads, file = Uploads(tmp_path, 1e9), tmp_path / "hash" / "seven.png"
    file.parent.mkdir()
    file.write_bytes(b"7")
    uploads.bring("one", file)
    os.utime(file, (1, 1))  # another tab's upload took its place, and is not looked at yet
    assert uploads.leave("one") == set() and file.exists()
    uploads.bring("other", tmp_path / "never" / "there.png")
    assert uploads.leave("other") == {tmp_path / "never" / "there.png"}


def test_what_is_nobodys_is_cleared_away_after_a_while(tmp_path: Path) -> None:
    old = ["tmpold", f"{1:064x}/unseen.png", f"{2:064x}/seen.png", "made-for-a-visitor/sheet.pdf"]
    for name in (*old, "tmpnew", f"{1:064x}/new.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in old:
        os.utime(tmp_path / name, (1, 1))
    uploads = Uploads(tmp_path, 60)
    uploads.bring("here", tmp_path / old[2])
    uploads.leave("another")
    assert [path.name for path in files(tmp_path)] == ["new.png", "seen.png", "sheet.pdf", "tmpnew"]
    uploads.leave("here")
    assert [path.name for path in files(tmp_path)] == ["new.png", "sheet.pdf", "tmpnew"]
    assert Uploads(tmp_path / "nowhere", 60).leave("here") == set()


def test_a_file_that_is_heard_of_once_its_tab_is_closed_is_nobodys(tmp_path: Path) -> None:
    uploads, file = Uploads(tmp_path, 60), tmp_path / f"{1:064x}" / "seven.png"
    file.parent.mkdir()
    file.write_bytes(b"7")
    uploads.leave("one")
    uploads.bring("one", file)
    assert uploads.leave("another") == set() and file.exists()
    os.utime(file, (1, 1))
    assert uploads.leave("another") == {file}


def test_a_tab_that_comes_back_keeps_what_it_brings(tmp_path: Path) -> None:
    uploads, file = Uploads(tmp_path, 0.0), tmp_path / f"{1:064x}" / "seven.png"
    uploads.leave("one")
    file.parent.mkdir()
    file.write_bytes(b"7")
    uploads.bring("one", file)
    assert uploads.leave("another") == set() and file.exists()


def test_a_file_made_for_a_tab_that_was_closed_meanwhile_is_not_kept(tmp_path: Path) -> None:
    made = VisitorFiles(VisitorLimits(), tmp_path)

    def closing() -> bytes:
        made.leave("one")
        return b"late"

    with pytest.raises(ExportError):
        made.put("one", "here", "a.csv", closing)
    assert files(tmp_path) == []
    assert made.put("one", "here", "b.csv", lambda: b"back again").read_bytes() == b"back again"


def test_a_file_made_for_a_tab_that_had_been_closed_goes_soon(tmp_path: Path) -> None:
    """What was asked for just before may wait for its turn until the tab is gone, and nobody closes it again."""
    made = VisitorFiles(VisitorLimits(), tmp_path, seconds_closed=0.0)
    open_yet = made.put("open", "here", "a.csv", lambda: b"mine")
    made.leave("gone")
    late = made.put("gone", "here", "b.csv", lambda: b"late")
    assert set(files(tmp_path)) == {open_yet, late}
    made.leave("another")
    assert files(tmp_path) == [open_yet]
