"""Few arenas for many threads, as glibc itself counts them, and what is free goes back, as the kernel counts it."""

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


RETURNING = """
import ctypes, os, sys, time
from pathlib import Path
from dsn.ui.serving.memory import keep_returning

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
small, large = [], []
for _ in range(3000):  # something that stays between what goes
    large.append(libc.malloc(100_000))
    small.append(libc.malloc(100))
    ctypes.memset(large[-1], 1, 100_000)
for one in large:
    libc.free(one)
kept = megabytes()
keep_returning(0.01)
end = time.monotonic() + 30
while megabytes() > kept - 200 and time.monotonic() < end:
    time.sleep(0.01)
print(kept - megabytes())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library is glibc on Linux alone")
def test_what_lies_free_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", RETURNING], capture_output=True, text=True, check=True)
    assert float(told.stdout) > 200
