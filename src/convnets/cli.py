"""The commands of `kedro` that this project replaces or adds. Kedro looks for them here."""

from convnets.harness.commands import cli, run

__all__ = ["cli", "run"]
