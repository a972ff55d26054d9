"""`python benchmarks/timed_run.py run ...`: `kedro run ...`, and a line of JSON: how long it waited for MLflow's store.

Importing MLflow is not counted: it costs the same whatever is in the store, and would hide what does not.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import mlflow  # noqa: F401, TID251 - imported before anything is timed
from kedro.framework.cli.cli import main

from convnets.harness.tracking.hooks import TrackingHooks

START_UP, LOGGING = "start_up_seconds", "logging_seconds"
METHODS = {"_open_store": START_UP, "_close_dead_runs": START_UP, "_attempt": LOGGING}

seconds = {START_UP: 0.0, LOGGING: 0.0}


def timed(method: Callable[..., None], figure: str) -> Callable[..., None]:
    """The same method, with its seconds added to a figure."""

    def call(*arguments: Any) -> None:
        started = time.perf_counter()
        method(*arguments)
        seconds[figure] += time.perf_counter() - started

    return call


if __name__ == "__main__":
    for name, figure in METHODS.items():
        setattr(TrackingHooks, name, timed(getattr(TrackingHooks, name), figure))
    try:
        main()
    finally:
        sys.stdout.write("\n" + json.dumps(seconds) + "\n")
