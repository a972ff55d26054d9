"""Hands a pipeline's namespaces on, each when those that it needs are done, and says what comes of it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any, Protocol

import click
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import GroupedNodes, Pipeline

from convnets.harness.exits import command_to_go_on
from convnets.harness.messages import ScalingError
from convnets.harness.progress import between_bars, duration, progress_bar

SECONDS_BETWEEN_LOOKS = 0.5


class Future(Protocol):
    """Of a namespace: Python's, or Dask's, which is cancelled when the scheduler has gone."""

    def done(self) -> bool:
        """Whether it has ended, well or not."""

    def cancelled(self) -> bool:
        """Whether it will not be run any more."""

    def exception(self) -> BaseException | None:
        """Why it failed; `None`: it did not."""

    def result(self) -> Any:
        """How long it took, in seconds."""


def groups_of(pipeline: Pipeline) -> dict[str, GroupedNodes]:
    """The namespaces of a pipeline, and nodes without one, by name."""
    return {group.name: group for group in pipeline.group_nodes_by("namespace")}


def memory_between(pipeline: Pipeline, catalog: DataCatalog) -> tuple[str, str, str] | None:
    """A data set that the catalog keeps in memory, which one namespace makes and another needs.

    Returns:
        Its name, who makes it and who needs it; `None`: there is none.
    """
    group_of = {node: name for name, group in groups_of(pipeline).items() for node in group.nodes}
    maker = {output: group_of[node.name] for node in pipeline.nodes for output in node.outputs}
    for node in pipeline.nodes:
        for name in node.inputs:
            user = group_of[node.name]
            if maker.get(name, user) != user and isinstance(catalog.get(name), MemoryDataset):
                return name, maker[name], user
    return None


def run_all(
    groups: Mapping[str, GroupedNodes],
    submit: Callable[[str], Future],
    count_at_work: Callable[[Collection[Any]], int],
    where: str,
) -> None:
    """Submit each namespace when those that it needs are done, and show how many are done, running and failed.

    What is done is let go: else Dask would do it again when the worker dies that did it.

    Args:
        groups: As `groups_of` returns them.
        submit: Begins one.
        count_at_work: How many of those that were submitted have been begun.
        where: For the progress bar.

    Raises:
        ScalingError: Some have failed, and all else is done. Or Dask's scheduler has gone, and with it all that it was
            to do.
    """
    order = TopologicalSorter({name: group.dependencies for name, group in groups.items()})
    order.prepare()
    running: dict[str, Future] = {}
    failures: dict[str, str] = {}
    done: list[str] = []
    with progress_bar(len(groups), "tasks", where) as bar:
        while True:
            running |= {name: submit(name) for name in order.get_ready()}
            if not running:
                break
            bar.advance(0, doing=f"running {count_at_work(running.values())}, failed {len(failures)}")
            time.sleep(SECONDS_BETWEEN_LOOKS)
            for name in [name for name in running if running[name].done()]:
                future = running.pop(name)
                if future.cancelled():
                    raise ScalingError(
                        f"The Dask scheduler has gone away, with {len(done)} of {len(groups)} tasks done: start it "
                        f"again, and its workers. To run what is missing: {command_to_go_on()}"
                    )
                error = future.exception()
                if error is None:
                    order.done(name)
                    done.append(name)
                else:
                    failures[name] = str(error)
                with between_bars():
                    click.echo(f"{name}: {'failed' if error else f'done in {duration(future.result())}'}")
                bar.advance()
        bar.result = f"{len(done)} of {len(groups)} tasks done, {len(failures)} failed"
    if failures:
        raise ScalingError(describe_failures(failures, sorted(groups.keys() - failures.keys() - set(done))))


def describe_failures(failures: Mapping[str, str], not_run: Sequence[str]) -> str:
    """One sentence for each task that failed, and how to go on."""
    sentences = [f"{name} failed: {reason}" for name, reason in sorted(failures.items())]
    if not_run:
        sentences.append(f"Not run, since they need what failed: {', '.join(not_run)}")
    return "\n".join([*sentences, f"All else is done. To run what is missing: {command_to_go_on()}"])
