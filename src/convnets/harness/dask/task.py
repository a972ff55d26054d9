"""One task of Dask: some nodes of a pipeline, run by an ordinary Kedro session in a process of its own.

`run_nodes` is what a worker calls, and `main` what it starts. In the worker's own process Dask draws from Python's
global random numbers, and so would change the seeds that Keras draws there.
"""

import hashlib
import json
import os
import platform
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from convnets.harness.catalog import RunRequest
from convnets.harness.exits import end, one_sentence
from convnets.harness.experiment import installed_version
from convnets.harness.messages import ScalingError
from convnets.harness.runners import NamespaceByNamespaceRunner

LAST_LINES = 40  # that are kept of what a process says, for the worker's log
LAST_BYTES = 65_536  # that are searched for them
SECONDS_BETWEEN_SIGNS = 1.0  # of life, by which a worker tells a process that works in silence from one that is stopped
SHOWN_DIGITS = 8  # of a digest
SIGNALLED = 128  # and the signal's number: the exit status of one that ended itself on a signal
TRACKING_URI = "MLFLOW_TRACKING_URI"


class TaskError(RuntimeError):
    """The process of a task failed. The message is its last line."""


def describe_environment(package: str, packages: Sequence[str]) -> dict[str, str]:
    """What a result depends on beside data and parameters.

    Args:
        package: Of the project.
        packages: Those of others on whose versions results depend.

    Returns:
        `code of <package>`: the digest of all its modules; and the version of each package, `none` where it is not
        installed.
    """
    found = find_spec(package)
    folder = Path(str(found.origin)).parent if found else Path()
    code = hashlib.sha256()
    for module in sorted(folder.rglob("*.py")) if found else []:
        code.update(f"{module.relative_to(folder).as_posix()}\n{module.read_text(encoding='utf-8')}\0".encode())
    names = (package, *packages)
    return {f"code of {package}": code.hexdigest()[:SHOWN_DIGITS]} | {name: installed_version(name) for name in names}


def describe_difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """What differs between a worker's environment and the command's; nothing if they are the same."""
    return ", ".join(
        f"{name} is {found.get(name, 'none')} and not {expected[name]}"
        for name in expected
        if found.get(name) != expected[name]
    )


def refuse_other_environments(differences: Mapping[str, str]) -> None:
    """Refuse workers whose results would not be those of the command's own code and packages.

    Args:
        differences: By worker, as of `describe_difference`.

    Raises:
        ScalingError: One differs. The message names each that does.
    """
    found = [f"on worker {worker} {difference}" for worker, difference in differences.items() if difference]
    if found:
        raise ScalingError(
            f"Dask would train with other code or packages than this command: {'; '.join(found)}; allowed: the same "
            "code, and an environment made from the same requirements.lock, on all sides"
        )


def run_nodes(request: RunRequest, silence_seconds: int) -> None:
    """Run nodes in a new process, which ends with this one, even if this one is killed.

    Args:
        request: What to run. Of it only what is missing or outdated is run, so that another try goes on from the last
            finished epoch.
        silence_seconds: How long the process may give no sign of life before it is killed: it may be stopped.

    Raises:
        TaskError: The process failed, or was killed.
    """
    process = subprocess.Popen(  # noqa: S603 - the project's own
        [sys.executable, "-m", "convnets.harness.dask.task", request.namespace],
        cwd=request.project_path,
        stdin=subprocess.PIPE,  # stays open for as long as this process lives
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,  # what was said counts when it was said
        start_new_session=True,  # Ctrl-C is for the run that waits for all tasks
    )
    with process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both were asked for")
        process.stdin.write((json.dumps(asdict(request)) + "\n").encode())
        output, silent = listen(process.stdout, silence_seconds)
        if silent:
            process.kill()
    if silent:
        raise TaskError(
            f"its process on {platform.node()} gave no sign of life for {silence_seconds} s (dask.silence_seconds) and "
            "was killed"
        )
    said = [line.strip() for line in output.splitlines() if line.strip()][-LAST_LINES:]
    status = process.returncode
    if status:
        click.echo("\n".join(said), err=True)
    if status < 0 or status > SIGNALLED:
        raise TaskError(f"its process was ended by signal {-status if status < 0 else status - SIGNALLED}")
    if status:
        raise TaskError(said[-1].removeprefix("Error: ") if said else f"exit status {status}")


def listen(stream: Any, silence_seconds: float) -> tuple[str, bool]:
    """Listen to a process until it ends, or says nothing for too long.

    Args:
        stream: What it writes to: a pipe without a buffer.
        silence_seconds: How long is too long. What it says while the listener itself is stopped is not lost.

    Returns:
        The last that it said; and whether it fell silent.
    """
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(silence_seconds):
            new = stream.read(LAST_BYTES)
            if not new:
                return said.decode(errors="replace"), False
            said = (said + new)[-LAST_BYTES:]
    return said.decode(errors="replace"), True


@click.command()
@click.argument("namespace")
def main(namespace: str) -> None:  # noqa: ARG001 - for those who look at the list of processes
    """Run what the line on standard input asks for, and end when standard input does."""
    request = RunRequest(**json.loads(sys.stdin.readline()))
    sys.argv[1:] = request.command
    signal.signal(signal.SIGTERM, end)
    for watch in (_end_with_standard_input, _give_signs_of_life):
        threading.Thread(target=watch, daemon=True).start()
    if request.tracking_uri:
        os.environ[TRACKING_URI] = request.tracking_uri
    with one_sentence():
        difference = describe_difference(describe_environment(request.package, request.packages), request.environment)
        refuse_other_environments({platform.node(): difference})
    bootstrap_project(request.project_path)
    session: Any
    with (
        one_sentence(),
        KedroSession.create(
            request.project_path,
            env=request.env,
            runtime_params=request.runtime_params,
            conf_source=request.conf_source,
        ) as session,
    ):
        session._store["session_id"] = request.run_id  # one tag for all of the run's namespaces
        session.run(
            pipeline_names=request.pipeline_names,
            node_names=request.node_names,
            runner=NamespaceByNamespaceRunner(),
            only_missing_outputs=True,
        )


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _give_signs_of_life() -> None:
    with suppress(OSError):  # nobody listens any more: this process ends, too
        while True:
            os.write(1, b"\n")
            time.sleep(SECONDS_BETWEEN_SIGNS)


if __name__ == "__main__":
    main()
