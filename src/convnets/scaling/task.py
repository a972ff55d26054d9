"""One task of Dask: some nodes of a pipeline, run by an ordinary Kedro session in a process of its own.

`run_nodes` is what a worker calls, and `main` what it starts. In the worker's own process Dask draws from Python's
global random numbers, and so would change the seeds that Keras draws there.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

import click
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from convnets.cli import end, one_sentence
from convnets.runner import NetworkByNetworkRunner

LAST_LINES = 40  # that are kept of what a process says, for the worker's log
SIGNALLED = 128  # and the signal's number: the exit status of one that ended itself on a signal
TRACKING_URI = "MLFLOW_TRACKING_URI"


@dataclass(frozen=True)
class RunRequest:
    """What was asked for with `kedro run`, as far as another process needs it.

    Attributes:
        command: The command line, which messages repeat.
        run_id: Of the run that hands its nodes on.
        project_path: The same on every machine.
        conf_source: Where the configuration is.
        env: Its environment; `None`: the default.
        runtime_params: Parameters of the command line.
        pipeline_names: `None`: the default pipeline.
        tracking_uri: Where runs are recorded; `None`: the worker's own environment says.
        namespace: What is run; it tells the processes of tasks apart.
        node_names: Its nodes.
    """

    command: list[str]
    run_id: str
    project_path: str
    conf_source: str
    env: str | None
    runtime_params: dict[str, Any]
    pipeline_names: list[str] | None
    tracking_uri: str | None
    namespace: str = ""
    node_names: tuple[str, ...] = ()

    def of(self, namespace: str, node_names: list[str]) -> "RunRequest":
        """The same request for the nodes of a namespace."""
        return replace(self, namespace=namespace, node_names=tuple(node_names))


class TaskError(RuntimeError):
    """The process of a task failed. The message is its last line."""


def run_nodes(request: RunRequest) -> None:
    """Run nodes in a new process, which ends with this one, even if this one is killed.

    Args:
        request: What to run. Of it only what is missing or outdated is run, so that another try goes on from the last
            finished epoch.

    Raises:
        TaskError: The process failed.
    """
    process = subprocess.Popen(  # noqa: S603 - the project's own
        [sys.executable, "-m", "convnets.scaling.task", request.namespace],
        cwd=request.project_path,
        stdin=subprocess.PIPE,  # stays open for as long as this process lives
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for the run that waits for all tasks
    )
    with process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both were asked for")
        process.stdin.write(json.dumps(asdict(request)) + "\n")
        process.stdin.flush()
        said = deque((line.strip() for line in process.stdout if line.strip()), maxlen=LAST_LINES)
    status = process.returncode
    if status:
        click.echo("\n".join(said), err=True)
    if status < 0 or status > SIGNALLED:
        raise TaskError(f"its process was ended by signal {-status if status < 0 else status - SIGNALLED}")
    if status:
        raise TaskError(said[-1].removeprefix("Error: ") if said else f"exit status {status}")


@click.command()
@click.argument("namespace")
def main(namespace: str) -> None:  # noqa: ARG001 - for those who look at the list of processes
    """Run what the line on standard input asks for, and end when standard input does."""
    request = RunRequest(**json.loads(sys.stdin.readline()))
    sys.argv[1:] = request.command
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    if request.tracking_uri:
        os.environ[TRACKING_URI] = request.tracking_uri
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
            runner=NetworkByNetworkRunner(),
            only_missing_outputs=True,
        )


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
