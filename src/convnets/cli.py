"""The project's own `kedro run`: Kedro's, with one sentence in place of a traceback where the user can mend it."""

import functools
import signal
import sys
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError

from convnets.errors import UserError


@click.group(name="convnets")
def cli() -> None:
    """Commands of the project, which take the place of Kedro's of the same name."""


@cli.command(name="run", params=kedro_run.params, help=kedro_run.help)
@functools.wraps(kedro_run.callback)
def run(**options: Any) -> Any:
    """Run pipelines, with all options of Kedro's own command."""
    signal.signal(signal.SIGTERM, _end)
    if options["pipeline"] and not options["pipelines"]:  # Kedro takes both and warns of the first
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    try:
        return kedro_run.callback(**options)
    except (UserError, DatasetError) as error:
        notes = [f"({note})" for note in getattr(error, "__notes__", [])]
        raise click.ClickException(" ".join([str(error), *notes])) from error


def _end(signal_number: int, _frame: Any) -> None:
    """Let a process that is asked to end close its runs first."""
    sys.exit(128 + signal_number)
