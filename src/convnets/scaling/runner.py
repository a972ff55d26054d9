"""The runner that hands a pipeline's namespaces to Dask."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import GroupedNodes, Pipeline
from kedro.runner import AbstractRunner

from convnets.errors import ScalingError
from convnets.hooks.claims import command_to_go_on
from convnets.hooks.provenance import forget_origins
from convnets.progress import progress_bar
from convnets.scaling.task import RunRequest, run_nodes

if TYPE_CHECKING:
    from distributed import Client, Future

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST_ANSWER = "10s"  # of a scheduler
SECONDS_BETWEEN_LOOKS = 0.5


class DaskRunner(AbstractRunner):
    """Runs each top-level namespace as one task of Dask distributed, in a process of its own.

    Namespaces that depend on another's results wait for it; one that fails is tried again, and fails alone. Where Dask
    runs is said by the parameters `dask`.
    """

    __name__ = "DaskRunner"  # what Kedro, and so hooks, call it

    def _get_executor(self, max_workers: int) -> None:
        """Kedro asks for one; Dask takes its place."""

    def _run(self, pipeline: Pipeline, catalog: Any, hook_manager: Any = None, run_id: str | None = None) -> None:  # noqa: ARG002 - Kedro's signature
        groups = {group.name: group for group in pipeline.group_nodes_by("namespace")}
        refuse_memory_between(groups, pipeline, catalog)
        request: RunRequest = catalog.request
        settings = catalog.load("params:dask")
        refuse_store_out_of_reach(settings["scheduler"], request.tracking_uri)
        with connect(settings["scheduler"], settings["workers"]) as client:
            if not catalog.only_missing:
                forget_origins(pipeline, catalog)
            futures: dict[str, Future] = {}
            for name in TopologicalSorter({name: group.dependencies for name, group in groups.items()}).static_order():
                futures[name] = client.submit(
                    run_nodes,
                    request.of(name, groups[name].nodes),
                    *(futures[other] for other in groups[name].dependencies),
                    key=f"{name}-{run_id}",
                    retries=settings["retries"],
                )
            failures = wait_for_all(client, futures)
        if failures:
            raise ScalingError(describe_failures(failures, groups))


def refuse_memory_between(groups: Mapping[str, GroupedNodes], pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse a data set in memory that one task would make and another need.

    Raises:
        ScalingError: There is one. The message names it.
    """
    group_of = {node: name for name, group in groups.items() for node in group.nodes}
    maker = {output: group_of[node.name] for node in pipeline.nodes for output in node.outputs}
    for node in pipeline.nodes:
        for name in node.inputs:
            user = group_of[node.name]
            if maker.get(name, user) != user and isinstance(catalog.get(name), MemoryDataset):
                raise ScalingError(
                    f"{name} is kept in memory, and would go from {maker[name]} to {user}, on Dask another process; "
                    "allowed: data sets that the catalog keeps in files"
                )


def refuse_store_out_of_reach(scheduler: str | None, tracking_uri: str | None) -> None:
    """Refuse an MLflow store in a file of this machine for workers that may be on others.

    Raises:
        ScalingError: It is one.
    """
    if scheduler and urlsplit(scheduler).hostname not in LOOPBACK and (tracking_uri or "").startswith("sqlite"):
        raise ScalingError(
            f"Workers of {scheduler} cannot record in {tracking_uri}, a file of this machine: start `mlflow server`, "
            "and name its address in MLFLOW_TRACKING_URI"
        )


@contextmanager
def connect(scheduler: str | None, workers: int) -> "Iterator[Client]":
    """Connect to Dask.

    Args:
        scheduler: Its address; `None`: a scheduler and workers are started on this machine, on loopback alone.
        workers: How many are started, each for one task at a time.

    Raises:
        ScalingError: Dask is not installed, or no scheduler answers.
    """
    try:
        import dask.config

        dask.config.set({"logging.distributed": "error"})  # before Dask distributed sets up its log
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ScalingError(
            "DaskRunner needs Dask distributed: install it with `pip install 'convnets[dask]'`"
        ) from error
    if scheduler is None:
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, host=LOOPBACK[0], dashboard_address=None, memory_limit=0
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=LONGEST_ANSWER)
    except (OSError, TypeError, ValueError) as error:  # TypeError: tls:// without certificates
        raise ScalingError(
            f"No Dask scheduler answers at {scheduler} ({error}): start one with `dask scheduler`, or leave "
            "dask.scheduler null for workers on this machine"
        ) from error
    with client:
        if not client.scheduler_info()["workers"]:
            click.echo(f"The scheduler has no workers yet: start some with `dask worker {scheduler} --nthreads 1`")
        yield client


def wait_for_all(client: "Client", futures: "dict[str, Future]") -> dict[str, str]:
    """Wait until all tasks are done, and show how many are done, running and failed.

    Returns:
        By name, why a task failed, those included whose needs failed.
    """
    failures: dict[str, str] = {}
    waiting = dict(futures)
    with progress_bar(len(futures), "namespaces", "on Dask") as bar:
        while waiting:
            for name in [name for name in waiting if waiting[name].done()]:
                future = waiting.pop(name)
                if future.status != "finished":
                    failures[name] = "Dask has lost it" if future.cancelled() else str(future.exception())
                bar.update()
            at_work = sum(len(tasks) for tasks in client.processing().values())
            places = sum(worker["nthreads"] for worker in client.scheduler_info()["workers"].values())
            done = len(futures) - len(waiting) - len(failures)
            bar.set_postfix(done=done, running=min(at_work, places), failed=len(failures), refresh=sys.stderr.isatty())
            if waiting:
                time.sleep(SECONDS_BETWEEN_LOOKS)
    return failures


def describe_failures(failures: Mapping[str, str], groups: Mapping[str, GroupedNodes]) -> str:
    """One sentence for each namespace that failed, and how to go on."""
    own = {name for name in failures if not failures.keys() & set(groups[name].dependencies)}
    waited = sorted(failures.keys() - own)
    sentences = [f"{name} failed: {failures[name]}" for name in sorted(own)]
    if waited:
        sentences.append(f"Not run, since they need those: {', '.join(waited)}")
    return "\n".join([*sentences, f"The others are done. To run what is missing: {command_to_go_on()}"])
