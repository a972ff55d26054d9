"""A process that runs namespaces for this one, one after the other, and ends with it, even if this one is killed."""

import json
import os
import platform
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any

import click

from convnets.harness.catalog import RunRequest
from convnets.harness.signals import SIGNALLED

DONE = b"\x04"  # what the process writes when it has run what it was asked for, and waits for more
LAST_LINES = 40  # that are kept of what a process says
LAST_BYTES = 65_536  # that are searched for them
SECONDS_TO_END = 60  # before it is killed: it closes its runs first


class TaskError(RuntimeError):
    """The process of a task failed. The message is its last line."""


class Process:
    """A process of `convnets.harness.child`."""

    def __init__(self, project_path: str, name: str, variables: Mapping[str, str] | None = None) -> None:
        """Start it.

        Args:
            project_path: Its working directory.
            name: For those who look at the list of processes.
            variables: Added to its environment.
        """
        self._process = subprocess.Popen(  # noqa: S603 - the project's own
            [sys.executable, "-m", "convnets.harness.child", name],
            cwd=project_path,
            env=os.environ | dict(variables or {}),
            stdin=subprocess.PIPE,  # stays open for as long as this process lives
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,  # what was said counts when it was said
            start_new_session=True,  # Ctrl-C is for the run that waits for all tasks
        )

    def __enter__(self) -> "Process":
        """Nothing is left to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self.ask_to_end()
        self.wait()
        self.close()

    def run(self, request: RunRequest, silence_seconds: float | None = None) -> float:
        """Have it run nodes.

        Args:
            request: Which. Of it only what is missing or outdated is run, so that another try goes on from the last
                finished epoch.
            silence_seconds: How long it may give no sign of life before it is killed, as it may be stopped; `None`: as
                long as it likes.

        Returns:
            How long that took, in seconds.

        Raises:
            TaskError: It failed, or was killed. It has ended.
        """
        began = time.monotonic()
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both were asked for")
        with suppress(BrokenPipeError):  # it has ended, and says why
            stdin.write((json.dumps(asdict(request)) + "\n").encode())
        output, silent = listen(stdout, silence_seconds)
        if silent:
            self._process.kill()
            self._process.wait()
            raise TaskError(
                f"its process on {platform.node()} gave no sign of life for {silence_seconds:g} s "
                "(dask.silence_seconds) and was killed"
            )
        if output.endswith(DONE):
            return time.monotonic() - began
        if stdin.closed:
            raise TaskError("its process was asked to end")
        said = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()][-LAST_LINES:]
        status = self._process.wait()
        if status and not (said and said[-1].startswith("Error: ")):  # which says it all
            click.echo("\n".join(said), err=True)
        if status < 0 or status > SIGNALLED:
            raise TaskError(f"its process was ended by signal {-status if status < 0 else status - SIGNALLED}")
        raise TaskError(said[-1].removeprefix("Error: ") if said else f"exit status {status}")

    def has_ended(self) -> bool:
        """Whether it has."""
        return self._process.poll() is not None

    def ask_to_end(self) -> None:
        """Have it close its runs, and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def wait(self) -> None:
        """Wait until it has ended, or kill it."""
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Let go of what is left of it once it has ended."""
        self.ask_to_end()
        if self._process.stdout is not None:
            self._process.stdout.close()


def listen(stream: Any, silence_seconds: float | None) -> tuple[bytes, bool]:
    """Listen to a process until it is done, ends, or says nothing for too long.

    Args:
        stream: What it writes to: a pipe without a buffer.
        silence_seconds: How long is too long. What it says while the listener itself is stopped is not lost.

    Returns:
        The last that it said, which ends with `DONE` if it is; and whether it fell silent.
    """
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(silence_seconds):
            new = stream.read(LAST_BYTES)
            if not new:
                return said, False
            said = (said + new)[-LAST_BYTES:]
            if DONE in new:  # what follows are signs of life
                return said[: said.index(DONE) + 1], False
    return said, True
