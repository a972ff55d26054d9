"""Servers as processes of their own, and what is seen of a study that runs on Dask."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import psutil
from mlflow.entities import Run

from support import Project

HERE = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")


@contextmanager
def running(*command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, for as long as it is wanted."""
    bin_folder = Path(sys.executable).parent
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - installed with the project
            [str(bin_folder / command[0]), *command[1:]], cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def tasks_of(project: Project) -> dict[str, psutil.Process]:
    """The processes of a project's tasks, by namespace."""
    found = {}
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if "convnets.harness.child" in command and process.info["cwd"] == str(project.path):
            found[command[-1]] = process
    return found


def runs_of(uri: str) -> list[Run]:
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("convnets-test")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def runs_if_any(uri: str) -> list[Run]:
    """None for as long as there is no store: asked for runs, MLflow would make one."""
    if uri.startswith("sqlite") and not Path(uri.removeprefix("sqlite:///")).exists():
        return []
    return runs_of(uri) if mlflow.MlflowClient(uri).get_experiment_by_name("convnets-test") else []
