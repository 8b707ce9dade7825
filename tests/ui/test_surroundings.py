"""The app where people run it: behind proxies that lead nowhere, and in a thread as `gradio app.py` reloads it."""

import json
import shutil
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from app_process import PROJECT, running_app

NOWHERE = "127.0.0.1:9"
PROXIES = {
    "http": {"HTTP_PROXY": f"http://{NOWHERE}", "http_proxy": f"http://{NOWHERE}"},
    "socks": {"ALL_PROXY": f"socks5://{NOWHERE}", "all_proxy": f"socks5://{NOWHERE}"},
}
IN_A_THREAD = """
import sys, threading
sys.path.insert(0, {project!r})
import app
from gradio import networking
networking.url_ok = lambda url: False  # a self-check that had no answer in its 3 seconds
thread = threading.Thread(target=app.main)
thread.start()
thread.join()
threading.Event().wait()
"""
WATCHED = """
import atexit, os, sys
import psutil
from gradio.cli.commands.reload import run
atexit.register(lambda: [child.kill() for child in psutil.Process().children(recursive=True)])
os.chdir({folder!r})
sys.argv = ["gradio", "app.py"]
run()
"""
BUSY = 600  # seconds until a changed file has been noticed, on a machine that is slow and busy


def page_at(address: str) -> int:
    """The number that Gradio gives a page when it is built."""
    with urlopen(f"{address}/config", timeout=BUSY) as answer:
        return json.load(answer)["app_id"]


@pytest.mark.parametrize("kind", list(PROXIES))
def test_no_proxy_stands_before_the_machine_itself(tmp_path: Path, kind: str) -> None:
    with running_app(tmp_path / "log", NO_PROXY="", no_proxy="", **PROXIES[kind]) as address:
        assert urlopen(address, timeout=60).status == 200


def test_the_app_starts_in_a_thread_and_after_a_slow_self_check(tmp_path: Path) -> None:
    program = tmp_path / "threaded.py"
    program.write_text(IN_A_THREAD.format(project=str(PROJECT)), "utf-8")
    with running_app(tmp_path / "log", str(program)) as address:
        assert urlopen(f"{address}/config", timeout=60).status == 200


def test_gradio_app_py_serves_the_page_and_shows_it_anew_when_a_file_changes(tmp_path: Path) -> None:
    folder, log = tmp_path / "project", tmp_path / "log"
    folder.mkdir()
    shutil.copy(PROJECT / "app.py", folder)
    program = tmp_path / "watched.py"
    program.write_text(WATCHED.format(folder=str(folder)), "utf-8")
    with running_app(log, str(program), PYTHONPATH=str(PROJECT)) as address:
        first = page_at(address)
        end = time.monotonic() + BUSY
        while "Changes detected" not in log.read_text() and time.monotonic() < end:
            (folder / "app.py").touch()
            time.sleep(2)
        assert "Changes detected" in log.read_text()
        while page_at(address) == first and time.monotonic() < end:
            time.sleep(0.2)
        assert page_at(address) != first
        for path in ("", "config", "zh"):
            assert urlopen(f"{address}/{path}", timeout=BUSY).status == 200
    said = log.read_text()
    assert "Watching demo: demo" in said and "Traceback" not in said, said
