"""One task of Dask: a namespace, run in a process of its own, which a worker waits for."""

from convnets.harness.catalog import RunRequest
from convnets.harness.processes.process import Process


def run_nodes(request: RunRequest, silence_seconds: int) -> float:
    """Run nodes in a new process, which ends with this one. Arguments, and what is raised, as of `Process.run`."""
    with Process(request.project_path, request.namespace) as process:
        return process.run(request, silence_seconds)
