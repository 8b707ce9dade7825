"""Programs that load students and print what they got, for tests that need an environment of their own.

huggingface_hub reads HF_ENDPOINT, HF_HOME and the like once, when it is imported. So each is a process of its own,
forked from this one, which has imported torch and more, the longest part of a program's start, and nothing of a Hub.
"""

import json
import os
import signal
import sys

import httpx  # noqa: F401 - as pytest: what programs would import, each again
import pytest  # noqa: F401
import torch

PATIENCE = 600  # seconds


def run(calls: list[dict], environment: dict[str, str], output: str, errors: str) -> None:
    """Be a program: print the outcomes as JSON.

    Args:
        calls: what to load; see hub_client.py.
        environment: all variables that it has.
        output: file for what it prints.
        errors: file for what it prints as errors.
    """
    signal.alarm(PATIENCE)
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    from hub_client import outcome

    print(json.dumps([outcome(call) for call in calls]))


def fork_programs() -> None:
    """Run one program after another, each told by a line of JSON, and print the exit status of each."""
    for line in sys.stdin:
        assert "huggingface_hub" not in sys.modules, "it would keep this process's environment"
        process = os.fork()
        if process == 0:
            run(**json.loads(line))
            sys.exit()
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    fork_programs()
