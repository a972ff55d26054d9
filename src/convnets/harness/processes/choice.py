"""How many processes at a time pay on this machine: small networks gain little from a second thread."""

import os
from pathlib import Path
from typing import NamedTuple

from convnets.harness.circumstances import GIBIBYTE, cores

THREADS = "TF_NUM_INTRAOP_THREADS"  # TensorFlow's own: over how many threads an operation is split
PROCESS_BYTES = 1.5 * GIBIBYTE  # TensorFlow, MLflow, MNIST as float32 and a convnet at work
SECONDS_WORTH_IT = 30  # a process of its own takes 7 to begin
ENOUGH = 4  # processes, where they do not fill all cores: threads would hardly make one network four times as fast
MEMORY = Path("/proc/meminfo")
LIMITS = Path("/sys/fs/cgroup")  # of a container
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
    """Choose how many independent namespaces are run at a time.

    Args:
        namespaces: How many there are.
        seconds: Roughly how long they take, one after the other.
        in_memory: A data set that is made by one for others and kept in memory, if there is one.
    """
    if seconds < SECONDS_WORTH_IT:
        return Choice(1, "one after the other: they are done before more processes would have begun")
    if in_memory:
        return Choice(1, f"one after the other: {in_memory} is kept in memory")
    if any(GPUS.glob("nvidia[0-9]*")):
        return Choice(1, "one after the other: there is a GPU")
    there, free = cores(), free_memory()
    threads = threads_each()
    with_cores = there // threads
    with_memory = with_cores if free is None else int(free // PROCESS_BYTES)
    processes = min(namespaces, with_cores, with_memory)
    found = "1 core" if there == 1 else f"{there} cores"
    if free is not None:
        found += f", {free / GIBIBYTE:.1f} GiB of free memory for {PROCESS_BYTES / GIBIBYTE} GiB each"
    if THREADS in os.environ:
        found += f", {THREADS} is {os.environ[THREADS]}"
    if processes > 1 and processes >= min(with_cores, ENOUGH):
        on = "one thread" if threads == 1 else f"{threads} threads"
        return Choice(processes, f"{processes} at a time on {on} each: {found}")
    return Choice(1, f"one after the other: {found}")


def threads_each() -> int:
    """How many threads a process computes with beside others: one, or as the user's environment says."""
    asked = os.environ.get(THREADS, "")
    return int(asked) if asked.isdecimal() and int(asked) else 1


def free_memory() -> int | None:
    """Bytes that can be used without swapping, also in a container; `None` where the system does not say."""
    found = []
    if MEMORY.exists():
        available = [line for line in MEMORY.read_text().splitlines() if line.startswith("MemAvailable:")]
        found += [int(line.split()[1]) * 1024 for line in available]
    limit, used = (LIMITS / name for name in ("memory.max", "memory.stat"))
    if limit.exists() and used.exists() and (most := limit.read_text().strip()).isdecimal():
        taken = dict(line.split() for line in used.read_text().splitlines())
        found.append(max(int(most) - int(taken.get("anon", 0)), 0))  # what files take besides is given back
    return min(found, default=None)
