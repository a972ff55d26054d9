"""Measures what a full MLflow store costs: a run's start-up and logging on a store of 5,000 runs and on an empty one.

`make concurrency` prints a table. The store is filled by copying the rows of a real run, with its parameters, tags,
metrics, inputs and logged model; artifacts, which no run reads, are not copied.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from compare import Measured, Workspace

TARGET = 1.5
SMALL = {"dataset.train_samples": 1000, "dataset.test_samples": 200}
FIGURES = {
    "start_up_seconds": "start-up: the store is opened, dead runs are closed",
    "logging_seconds": "logging: all that a run writes",
    "wall_seconds": "`kedro run`, the whole process",
}
IDENTIFIERS = {"runs": "run_uuid", "logged_models": "model_id", "inputs": "input_uuid"}
DIGITS = 6  # the last of an identifier: they number the copies


def multiply(store: Path, runs: int) -> None:
    """Copy the only run of a store, with every row that names it, its inputs or its model, until there are so many."""
    with sqlite3.connect(store) as database:

        def ask(query: str) -> list[tuple[Any, ...]]:
            return database.execute(query).fetchall()

        known = {name for table, column in IDENTIFIERS.items() for (name,) in ask(f"SELECT {column} FROM {table}")}  # noqa: S608 - both are named above

        def copied(value: Any, number: int) -> Any:
            return f"{value[:-DIGITS]}{number:0{DIGITS}x}" if value in known else value

        for (table,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'"):
            if rows := [row for row in ask(f"SELECT * FROM {table}") if known & set(row)]:  # noqa: S608 - a table's name
                copies = ([copied(value, number) for value in row] for number in range(1, runs) for row in rows)
                database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", copies)  # noqa: S608


def table(measured: dict[str, list[Measured]], runs: int) -> str:
    """The medians on both stores, and their ratios, in Markdown."""
    lines = [f"| figure | empty store | {runs:,} runs | ratio | target |", "| --- | --- | --- | --- | --- |"]
    for figure, description in FIGURES.items():
        empty, full = (statistics.median(run[figure] for run in measured[store]) for store in ("empty", "full"))
        ratio = full / empty
        reached = "reached" if ratio <= TARGET else "**missed**"
        lines.append(f"| {description} | {empty:.2f} s | {full:.2f} s | {ratio:.2f} | at most {TARGET}: {reached} |")
    return "\n".join(lines)


@click.command()
@click.option("--runs", default=5000, show_default=True, help="In the full store.")
@click.option("--rounds", default=7, show_default=True, help="Runs on each store, in turn.")
def main(runs: int, rounds: int) -> None:
    """Measure, and print a table."""
    timed_run = [sys.executable, str(Path(__file__).with_name("timed_run.py"))]
    with tempfile.TemporaryDirectory() as temporary:
        stores = {name: Workspace(Path(temporary) / name, kedro=timed_run) for name in ("empty", "full")}
        for workspace in stores.values():  # which makes the stores
            workspace.run(["fcn"], "fcn", **SMALL)
        started = time.perf_counter()
        multiply(Path(temporary) / "full" / "mlflow.db", runs)
        click.echo(f"{runs:,} runs in {time.perf_counter() - started:.0f} s")
        measured: dict[str, list[Measured]] = {name: [] for name in stores}
        for number in range(rounds):
            for name in sorted(stores, reverse=bool(number % 2)):
                measured[name].append(stores[name].run(["fcn"], "fcn", **SMALL))
                seconds = {figure: round(measured[name][-1][figure], 3) for figure in FIGURES}
                click.echo(f"round {number + 1}, {name}: {seconds}")
    click.echo("\n" + table(measured, runs))


if __name__ == "__main__":
    main()
