"""The runner that hands a pipeline's namespaces to Dask."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import GroupedNodes, Pipeline
from kedro.runner import AbstractRunner

from convnets.harness.catalog import RunRequest
from convnets.harness.dask.settings import Dask
from convnets.harness.dask.task import (
    describe_difference,
    describe_environment,
    refuse_other_environments,
    run_nodes,
)
from convnets.harness.exits import command_to_go_on
from convnets.harness.messages import ScalingError, one_line
from convnets.harness.progress import progress_bar
from convnets.harness.provenance import forget_origins
from convnets.harness.tracking.store import SQLITE

if TYPE_CHECKING:
    from distributed import Client, Future

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANSWER_SECONDS = 10  # of a scheduler or a worker
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
        if not groups:
            return
        refuse_memory_between(groups, pipeline, catalog)
        request: RunRequest = catalog.request
        request = replace(request, environment=describe_environment(request.package, request.packages))
        settings = Dask.model_validate(catalog.load("params:dask"))
        refuse_store_out_of_reach(settings.scheduler, request.tracking_uri)
        with connect(settings.scheduler, settings.workers) as client:
            refuse_other_workers(client, request)
            if not request.only_missing:
                forget_origins(pipeline, catalog)

            def submit(name: str) -> "Future":
                work = request.of(name, groups[name].nodes)
                return client.submit(
                    run_nodes, work, settings.silence_seconds, key=f"{name}-{run_id}", retries=settings.retries
                )

            failures, not_run = run_all(client, groups, submit)
        if failures:
            raise ScalingError(describe_failures(failures, not_run))


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
    local = (tracking_uri or "").startswith(SQLITE)
    if scheduler and urlsplit(scheduler).hostname not in LOOPBACK and local:
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
        os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")  # of workers started here, too
        from distributed import Client, LocalCluster

        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # a lost scheduler is said in a sentence
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
    require_scheduler(scheduler)
    with Client(scheduler, timeout=ANSWER_SECONDS) as client:
        if not client.scheduler_info()["workers"]:
            click.echo("The scheduler has no workers yet: start some, see docs/scaling.md")
        yield client


def require_scheduler(address: str) -> None:
    """Refuse an address at which no scheduler answers: a client of Dask would wait without end for one who is silent.

    Raises:
        ScalingError: Nobody answers in time, or somebody else does.
    """
    try:
        kind = asyncio.run(asyncio.wait_for(_ask_what_answers(address), ANSWER_SECONDS))
        reason = "" if kind == "Scheduler" else f"a {kind} does"
    except (OSError, TypeError) as error:  # TypeError: tls:// without certificates
        reason = str(error) or f"no answer within {ANSWER_SECONDS} s"
    except Exception:  # the answer of another server may be taken for anything, and for exabytes
        reason = "what answers is not Dask"
    if reason:
        raise ScalingError(
            f"No Dask scheduler answers at {address} ({reason}): start one with `dask scheduler`, or leave "
            "dask.scheduler null for workers on this machine"
        )


async def _ask_what_answers(address: str) -> str:
    from distributed import Security, rpc

    async with rpc(
        address, timeout=ANSWER_SECONDS / 2, connection_args=Security().get_connection_args("client")
    ) as server:
        return str((await server.identity())["type"])


def refuse_other_workers(client: "Client", request: RunRequest) -> None:
    """Refuse workers with other code or packages, before anything is trained.

    One that does not answer in time is not waited for: each task's process looks for itself, too.

    Args:
        client: Of their scheduler.
        request: Its environment is what theirs must be.

    Raises:
        ScalingError: As of `refuse_other_environments`.
    """
    try:
        answers: dict[str, Any] = client.sync(
            client.run,
            describe_environment,
            request.package,
            request.packages,
            on_error="return",
            callback_timeout=ANSWER_SECONDS,
        )
    except OSError:
        return
    refuse_other_environments(
        {
            worker: describe_difference(found, request.environment) if isinstance(found, dict) else one_line(str(found))
            for worker, found in answers.items()
            if not isinstance(found, OSError)
        }
    )


def run_all(
    client: "Client", groups: Mapping[str, GroupedNodes], submit: "Callable[[str], Future]"
) -> tuple[dict[str, str], list[str]]:
    """Submit each task when those that it needs are done, and show how many are done, running and failed.

    What is done is let go: else Dask would do it again when the worker dies that did it.

    Returns:
        By name, why a task failed; and the names of those that were not run, since they need one that did.

    Raises:
        ScalingError: The scheduler has gone, and with it all that it was to do.
    """
    order = TopologicalSorter({name: group.dependencies for name, group in groups.items()})
    order.prepare()
    running: dict[str, Future] = {}
    failures: dict[str, str] = {}
    done: list[str] = []
    with progress_bar(len(groups), "tasks", "on Dask") as bar:
        while True:
            running |= {name: submit(name) for name in order.get_ready()}
            if not running:
                break
            at_work = count_at_work(client, {future.key for future in running.values()})
            bar.advance(0, doing=f"running {at_work}, failed {len(failures)}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
            for name in [name for name in running if running[name].done()]:
                future = running.pop(name)
                if future.cancelled():
                    raise ScalingError(
                        f"The Dask scheduler has gone away, with {len(done)} of {len(groups)} tasks done: start it "
                        f"again, and its workers. To run what is missing: {command_to_go_on()}"
                    )
                if future.status == "finished":
                    order.done(name)
                    done.append(name)
                else:
                    failures[name] = str(future.exception())
                bar.advance()
        bar.result = f"{len(done)} of {len(groups)} tasks done, {len(failures)} failed"
    return failures, sorted(groups.keys() - failures.keys() - set(done))


def count_at_work(client: "Client", keys: set[str]) -> int:
    """How many of these tasks workers have begun; 0 for as long as the scheduler does not answer."""
    try:
        threads = client.nthreads()
        return sum(min(len(keys.intersection(tasks)), threads.get(at, 0)) for at, tasks in client.processing().items())
    except (OSError, AttributeError):  # a client that has closed itself has no scheduler
        return 0


def describe_failures(failures: Mapping[str, str], not_run: Sequence[str]) -> str:
    """One sentence for each task that failed, and how to go on."""
    sentences = [f"{name} failed: {reason}" for name, reason in sorted(failures.items())]
    if not_run:
        sentences.append(f"Not run, since they need what failed: {', '.join(not_run)}")
    return "\n".join([*sentences, f"All else is done. To run what is missing: {command_to_go_on()}"])
