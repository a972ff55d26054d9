"""A process that runs namespaces for another: each by an ordinary Kedro session, one after the other.

`convnets.harness.processes` starts it, beside others on this machine or for a worker of Dask. In its own process, Dask
draws from Python's global random numbers, and so would change the seeds that Keras draws there.
"""

import gc
import json
import os
import platform
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from convnets.harness.catalog import RunRequest
from convnets.harness.exits import one_sentence
from convnets.harness.processes.environment import (
    describe_difference,
    describe_environment,
    refuse_other_environments,
)
from convnets.harness.processes.process import DONE
from convnets.harness.runners import NamespaceByNamespaceRunner
from convnets.harness.signals import end_if_asked, end_on

SECONDS_BETWEEN_SIGNS = 1.0  # of life, which tell a process that works in silence from one that is stopped
TRACKING_URI = "MLFLOW_TRACKING_URI"


@click.command()
@click.argument("name")
def main(name: str) -> None:  # noqa: ARG001 - for those who look at the list of processes
    """Run what each line on standard input asks for, and end when standard input does, or when something fails."""
    end_on(signal.SIGTERM)
    gc.disable()  # until the first node, as `kedro run` does
    requests: SimpleQueue[str] = SimpleQueue()
    for watch, arguments in ((_read_requests, (requests,)), (_give_signs_of_life, ())):
        threading.Thread(target=watch, args=arguments, daemon=True).start()
    request = RunRequest(**json.loads(requests.get()))
    with one_sentence():  # once: what is edited later is not imported any more
        difference = describe_difference(describe_environment(request.package, request.packages), request.environment)
        refuse_other_environments({platform.node(): difference})
    while True:
        _run(request)
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, DONE)
        end_if_asked()
        request = RunRequest(**json.loads(requests.get()))


def _run(request: RunRequest) -> None:
    sys.argv[1:] = request.command
    if request.tracking_uri:
        os.environ[TRACKING_URI] = request.tracking_uri
    if Path(request.project_path, "pyproject.toml").is_file():
        bootstrap_project(request.project_path)
    else:  # where only the project's wheel is installed
        configure_project(request.package)
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


def _read_requests(requests: "SimpleQueue[str]") -> None:
    for line in sys.stdin:
        requests.put(line)
    os.kill(os.getpid(), signal.SIGTERM)


def _give_signs_of_life() -> None:
    with suppress(OSError):  # nobody listens any more: this process ends, too
        while True:
            os.write(1, b"\n")
            time.sleep(SECONDS_BETWEEN_SIGNS)


if __name__ == "__main__":
    main()
