"""The project's own `kedro run`: Kedro's, with one sentence in place of a traceback where the user can mend it."""

import signal
import sys
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import pipelines
from kedro.io import DatasetError

from convnets.errors import UserError, unknown
from convnets.runner import NetworkByNetworkRunner


@click.group(name="convnets")
def cli() -> None:
    """Commands of the project, which take the place of Kedro's of the same name."""


@cli.command(params=kedro_run.params)
def run(**options: Any) -> None:
    """Run the pipelines."""
    signal.signal(signal.SIGTERM, _end)
    if options["pipeline"] and not options["pipelines"]:  # Kedro takes both and warns of the first
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    options["runner"] = options["runner"] or f"{NetworkByNetworkRunner.__module__}.{NetworkByNetworkRunner.__name__}"
    try:
        for name in options["pipelines"]:
            if name not in pipelines:
                raise UserError(unknown("pipeline", name, pipelines))
        kedro_run.callback(**options)  # type: ignore[misc]
    except (UserError, DatasetError) as error:
        notes = [f"({note})" for note in getattr(error, "__notes__", [])]
        raise click.ClickException(" ".join([str(error), *notes])) from error


def _end(signal_number: int, _frame: Any) -> None:
    """Let a process that is asked to end close its runs first."""
    sys.exit(128 + signal_number)
