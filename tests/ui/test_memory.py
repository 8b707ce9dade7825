"""Few arenas for many threads: glibc itself says how many there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

THREADS = 24
PROGRAM = f"""
import ctypes, sys, threading
from dsn.ui.serving.memory import ARENAS, share_arenas

if sys.argv[1] == "shared":
    share_arenas()
together = threading.Barrier({THREADS})
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]

def answer():
    together.wait()  # all of them at once: a thread that ended leaves its arena to the next
    libc.malloc(10_000)
    together.wait()

those = [threading.Thread(target=answer) for _ in range({THREADS})]
for one in those: one.start()
for one in those: one.join()
libc.fopen.restype, libc.fclose.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
print(ARENAS)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library is glibc on Linux alone")
def test_threads_share_few_arenas(tmp_path: Path) -> None:
    found = {}
    for how in ("shared", "usual"):
        written = tmp_path / how
        told = subprocess.run([sys.executable, "-c", PROGRAM, how, written], capture_output=True, text=True, check=True)
        found[how] = len(re.findall(r'<heap nr="', written.read_text()))
    assert found["shared"] <= int(told.stdout) < found["usual"]
