"""The runner that hands a pipeline's namespaces to Dask."""

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner

from convnets.harness.catalog import RunRequest
from convnets.harness.dask.settings import Dask
from convnets.harness.dask.task import run_nodes
from convnets.harness.messages import ScalingError, one_line
from convnets.harness.processes.environment import (
    describe_difference,
    describe_environment,
    refuse_other_environments,
)
from convnets.harness.processes.handing_on import groups_of, memory_between, run_all
from convnets.harness.provenance import forget_origins
from convnets.harness.tracking.store import SQLITE

if TYPE_CHECKING:
    from distributed import Client, Future

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANSWER_SECONDS = 10  # of a scheduler or a worker


class DaskRunner(AbstractRunner):
    """Runs each top-level namespace as one task of Dask distributed, in a process of its own.

    Namespaces that depend on another's results wait for it; one that fails is tried again, and fails alone. Where Dask
    runs is said by the parameters `dask`.
    """

    __name__ = "DaskRunner"  # what Kedro, and so hooks, call it

    def _get_executor(self, max_workers: int) -> None:
        """Kedro asks for one; Dask takes its place."""

    def _run(self, pipeline: Pipeline, catalog: Any, hook_manager: Any = None, run_id: str | None = None) -> None:  # noqa: ARG002 - Kedro's signature
        groups = groups_of(pipeline)
        if not groups:
            return
        refuse_memory_between(pipeline, catalog)
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

            run_all(groups, submit, partial(count_at_work, client), "on Dask")


def refuse_memory_between(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse a data set in memory that one task would make and another need.

    Raises:
        ScalingError: There is one. The message names it.
    """
    if found := memory_between(pipeline, catalog):
        name, maker, user = found
        raise ScalingError(
            f"{name} is kept in memory, and would go from {maker} to {user}, on Dask another process; "
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


def count_at_work(client: "Client", submitted: "Iterable[Future]") -> int:
    """How many of these tasks workers have begun; 0 for as long as the scheduler does not answer."""
    keys = {future.key for future in submitted}
    try:
        threads = client.nthreads()
        return sum(min(len(keys.intersection(tasks)), threads.get(at, 0)) for at, tasks in client.processing().items())
    except (OSError, AttributeError):  # a client that has closed itself has no scheduler
        return 0
