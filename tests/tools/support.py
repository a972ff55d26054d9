"""What several tests use: an independent writer of IDX, and projects of their own to run in."""

import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
CNN: dict[str, Any] = {  # the lecture's convnet
    "name": "cnn",
    "architecture": "convolutional",
    "filters": [32, 64, 128],
    "kernel_size": 3,
    "strides": 1,
    "padding": "valid",
    "pool_size": 2,
}
RUN_TIMEOUT = 240  # seconds, of one command
FUZZED = settings(max_examples=300, deadline=None, derandomize=True, database=None)  # the same inputs every time


def idx(array: np.ndarray, magic: bytes | None = None) -> bytes:
    """The bytes of an IDX file, written without the code under test."""
    return (magic or bytes([0, 0, 8, array.ndim])) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@st.composite
def damaged(draw: st.DrawFn, whole: Sequence[bytes]) -> bytes:
    """One of these files, in which something is flipped, overwritten, put in, taken out or cut off."""
    content = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(["flip", "overwrite", "insert", "remove", "cut off"])):
            case "flip" if place < len(content):
                content[place] ^= 1 << draw(st.integers(0, 7))
            case "overwrite":
                new = draw(st.binary(min_size=1, max_size=8))
                content[place : place + len(new)] = new
            case "insert":
                content[place:place] = draw(st.binary(max_size=16))
            case "remove":
                del content[place : place + draw(st.integers(1, 16))]
            case "cut off":
                del content[place:]
    return bytes(content)


def note_as_made(path: Path, name: str) -> None:
    """Note of a file that a run has left it so, as one would who wants it to be read."""
    note = path.parent / ".made_from" / f"{name}.json"
    note.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    note.write_text(json.dumps({"made_from": {"code": ""}, "sha256": [digest]}))


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds; a server that does not answer yet does not count against it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError):
            if condition():
                return
        time.sleep(0.2)
    raise TimeoutError(f"not true within {seconds} s")


def free_port() -> int:
    """A port on loopback that nothing listens on, and that Kedro-Viz accepts: it refuses those above 49,151."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port <= 49151:
            return port


def answers_on_loopback_alone(port: int) -> bool:
    """Whether nothing listens on a port but at 127.0.0.1: whoever listens on all addresses does at 127.0.0.2, too."""
    with suppress(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
        return False
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


class Project:
    """A project of its own, with the code, configuration and raw data of this one, and commands run in it."""

    def __init__(self, path: Path) -> None:
        """Lay the project out in an empty folder."""
        self.path = path
        self.store = f"sqlite:///{path / 'mlflow.db'}"
        shutil.copytree(ROOT / "conf", path / "conf")
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, path / name)
        shutil.copytree(ROOT / "src", path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        (path / "data").mkdir()
        (path / "data" / "01_raw").symlink_to(ROOT / "data" / "01_raw")

    def start(self, *arguments: str, variables: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a kedro command with variables in its environment; its standard error goes with its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        return subprocess.Popen(  # noqa: S603 - the project's own command
            [sys.executable, "-m", "kedro", *arguments],
            cwd=self.path,
            env=environment | {"DO_NOT_TRACK": "true", "COLUMNS": "100"} | (variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stop(self, process: subprocess.Popen[str]) -> None:
        """Stop a command and all that it started."""
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)

    def kedro(self, *arguments: str, status: int = 0, variables: dict[str, str] | None = None) -> str:
        """Run a kedro command, hold its exit status against what is expected, and return what it printed."""
        process = self.start(*arguments, variables=variables)
        output, _ = process.communicate(timeout=RUN_TIMEOUT)
        assert process.returncode == status, output
        return output
