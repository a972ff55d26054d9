"""How many processes at a time pay on this machine: small networks gain little from a second thread.

The choice depends on the configuration and the machine alone, so that a run that goes on computes as it did before.
"""

import os
from pathlib import Path
from typing import NamedTuple

from convnets.harness.circumstances import GIBIBYTE, cores, memory

THREADS = "TF_NUM_INTRAOP_THREADS"  # TensorFlow's own: over how many threads an operation is split
PROCESS_BYTES = 2 * GIBIBYTE  # TensorFlow, MLflow, MNIST as float32 and a convnet at work take up to 1.5
SECONDS_WORTH_IT = 120  # a process of its own takes 7 to begin, and each namespace in it one more
ENOUGH = 4  # processes, where they do not fill all cores: threads would hardly make one network four times as fast
GPUS = Path("/dev")


class Choice(NamedTuple):
    """How namespaces are run.

    Attributes:
        processes: How many at a time; 1: in this process, one after the other.
        how: The same in words, with the reason.
    """

    processes: int
    how: str


def choose(namespaces: int, seconds: float, in_memory: str | None = None) -> Choice:
    """Choose how many namespaces are run at a time.

    Args:
        namespaces: How many there are.
        seconds: Roughly how long they take, one after the other.
        in_memory: A data set that is made by one for others and kept in memory, if there is one.
    """
    if seconds < SECONDS_WORTH_IT:
        return Choice(1, "one after the other: too short to start more processes")
    if in_memory:
        return Choice(1, f"one after the other: {in_memory} is kept in memory")
    if any(GPUS.glob("nvidia[0-9]*")):
        return Choice(1, "one after the other: there is a GPU")
    threads, there, room = threads_each(), cores(), memory()
    found = "1 core" if there == 1 else f"{there} cores"
    found += f", {room / GIBIBYTE:.0f} GiB of memory" if room else ""
    found += f", {THREADS}={threads}" if THREADS in os.environ else ""
    most = there // threads
    processes = min(namespaces, most, room // PROCESS_BYTES if room else most)
    if processes < max(min(most, ENOUGH), 2):
        return Choice(1, f"one after the other: {found}")
    return Choice(processes, f"{processes} at a time, {threads} thread{'' if threads == 1 else 's'} each: {found}")


def threads_each() -> int:
    """How many threads a process computes with beside others: one, or as the user's environment says."""
    asked = os.environ.get(THREADS, "")
    return int(asked) if asked.isdecimal() and int(asked) else 1
