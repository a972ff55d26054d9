"""The project's own commands: `kedro run`, with one sentence where the user can mend a fault, and `kedro mlflow`."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import env_option
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import DatasetError

from convnets.errors import UserError, unknown
from convnets.running import command_to_go_on

RUNNER = "convnets.runner.NetworkByNetworkRunner"
LOOPBACK = "127.0.0.1"
# Of the MLflow server: its jobs, which serve language models, are not wanted; its dependencies warn of each other.
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_LOGGING_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}


@click.group(name="convnets")
def cli() -> None:
    """Commands of the project, which take the place of Kedro's of the same name."""


@cli.command(params=kedro_run.params)
def run(**options: Any) -> None:
    """Run the pipelines."""
    signal.signal(signal.SIGTERM, _end)
    if options["pipeline"] and not options["pipelines"]:  # Kedro takes both and warns of the first
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    options["runner"] = options["runner"] or RUNNER
    with _one_sentence():
        for name in options["pipelines"]:
            if name not in pipelines:
                raise UserError(unknown("pipeline", name, pipelines))
        try:
            kedro_run.callback(**options)  # type: ignore[misc]
        except KeyboardInterrupt:
            click.echo(f"\nInterrupted. To go on from the last finished epoch: {command_to_go_on()}", err=True)
            sys.exit(128 + signal.SIGINT)


@cli.command()
@env_option
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="On this machine alone.")
def mlflow(env: str, port: int) -> None:
    """Show the runs in the MLflow UI."""
    from convnets.tracking import (  # noqa: PLC0415 - waits for pandas and Matplotlib
        charts_path,
        tracking_uri,
        without_password,
    )

    with _one_sentence(), KedroSession.create(env=env) as session:
        context = session.load_context()  # type: ignore[attr-defined]
        settings = context.config_loader["tracking"]
        uri = tracking_uri(context.project_path, settings)
        path = charts_path(uri, settings)
        if uri.startswith("http"):
            click.echo(f"The charts of your runs: {without_password(uri)}{path}")
            return
        _require_free(port)
    click.echo(f"The charts of your runs, until you press Ctrl-C: http://{LOOPBACK}:{port}{path}")
    server = [sys.executable, "-m", "mlflow", "ui", "--host", LOOPBACK, "--port", str(port), "--backend-store-uri", uri]
    one_quiet_process = ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    with suppress(KeyboardInterrupt):
        served = subprocess.run([*server, *one_quiet_process], env=os.environ | QUIET, check=False)  # noqa: S603 - MLflow's own
        sys.exit(served.returncode)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UserError(f"Port {port} cannot be used ({error.strerror}): choose another with --port") from error


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Say in one sentence, and not in a traceback, what the user can mend."""
    try:
        yield
    except (UserError, DatasetError, MissingConfigException) as error:
        notes = [f"({note})" for note in getattr(error, "__notes__", [])]
        raise click.ClickException(" ".join([str(error), *notes])) from error


def _end(signal_number: int, _frame: Any) -> None:
    """Let a process that is asked to end close its runs first."""
    sys.exit(128 + signal_number)
