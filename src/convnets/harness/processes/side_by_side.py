"""Several namespaces at a time on this machine, in processes that are kept until the last of them is done."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from convnets.harness.catalog import RunRequest
from convnets.harness.processes.choice import THREADS, threads_each
from convnets.harness.processes.environment import describe_environment
from convnets.harness.processes.handing_on import groups_of, run_all
from convnets.harness.processes.process import Process
from convnets.harness.provenance import forget_origins


def run_side_by_side(pipeline: Pipeline, catalog: DataCatalog, request: RunRequest) -> None:
    """Run a pipeline's namespaces in as many processes as the request says.

    Raises:
        ScalingError: As of `run_all`.
    """
    groups = groups_of(pipeline)
    request = replace(request, environment=describe_environment(request.package, request.packages))
    if not request.only_missing:
        forget_origins(pipeline, catalog)
    with Pool(request.processes, request.project_path, {THREADS: str(threads_each())}) as pool:

        def submit(name: str) -> "Future[float]":
            return pool.submit(request.of(name, groups[name].nodes))

        run_all(groups, submit, count_at_work, "side by side")


def count_at_work(submitted: "Iterable[Future[float]]") -> int:
    """How many of these processes have begun."""
    return sum(future.running() for future in submitted)


class Pool:
    """Processes, each started for the first request that no other is free for."""

    def __init__(self, count: int, project_path: str, variables: Mapping[str, str]) -> None:
        """Start none yet.

        Args:
            count: How many at most.
            project_path: Their working directory.
            variables: Added to their environment.
        """
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="side-by-side")
        self._start = (project_path, variables)
        self._processes: dict[int, Process] = {}  # by the thread that waits for it
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> "Pool":
        """Nothing is left to do."""
        return self

    def submit(self, request: RunRequest) -> "Future[float]":
        """Run it as soon as a process is free."""
        return self._threads.submit(self._run, request)

    def _run(self, request: RunRequest) -> float:
        return self._process().run(request)

    def _process(self) -> Process:
        """This thread's own; a new one where there is none yet, or a failure has ended it."""
        thread = threading.get_ident()
        with self._lock:
            process = self._processes.get(thread)
            if process is None or process.has_ended():
                if self._closed:
                    raise RuntimeError("The pool is closed")
                if process is not None:
                    process.close()
                project_path, variables = self._start
                process = self._processes[thread] = Process(project_path, threading.current_thread().name, variables)
            return process

    def __exit__(self, *_: Any) -> None:
        """End the processes, also those that are at work, and wait until they have ended."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._closed = True
        for process in self._processes.values():
            process.ask_to_end()
        for process in self._processes.values():
            process.wait()
        self._threads.shutdown()
        for process in self._processes.values():
            process.close()
