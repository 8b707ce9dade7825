"""The app where people run it: behind proxies that lead nowhere, and in a thread as `gradio app.py` reloads it."""

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


@pytest.mark.parametrize("kind", list(PROXIES))
def test_no_proxy_stands_before_the_machine_itself(tmp_path: Path, kind: str) -> None:
    with running_app(tmp_path / "log", NO_PROXY="", no_proxy="", **PROXIES[kind]) as address:
        assert urlopen(address, timeout=60).status == 200


def test_the_app_starts_in_a_thread_and_after_a_slow_self_check(tmp_path: Path) -> None:
    program = tmp_path / "threaded.py"
    program.write_text(IN_A_THREAD.format(project=str(PROJECT)), "utf-8")
    with running_app(tmp_path / "log", str(program)) as address:
        assert urlopen(f"{address}/config", timeout=60).status == 200
