"""Who works on which results: one run at a time for each namespace, so that two runs never mix theirs."""

import hashlib
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console

from convnets.harness.atomic_files import synchronize
from convnets.harness.catalog import runs_elsewhere
from convnets.harness.namespaces import outermost_namespace
from convnets.harness.storage import is_local_file

CLAIM = re.compile(r"[0-9a-f]{32}")
FOLDER = ".running"  # in the folder of results


class NamespaceLocks:
    """The namespaces that this process works on; the claim of a process that is killed ends with it."""

    def __init__(self, outputs: Path) -> None:
        """Claim nothing yet.

        Args:
            outputs: The folder of results.
        """
        self._folder = outputs / FOLDER
        self._locks: dict[str, FileLock] = {}

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Note where the data sets are."""
        self._catalog = catalog

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Claim the pipeline's namespaces, in one order in every process; wait for those that another run works on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if runs_elsewhere(catalog):  # where each process claims what it works on
            return
        for name in sorted({name for node in pipeline.nodes if (name := outermost_namespace(node))}):
            lock = self._lock(name)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                Console().print(f"Another run works on {name}: waiting until it has ended")
                lock.acquire()
            self._locks[name] = lock

    @hook_impl
    def before_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Claim a file that the runs of all networks make, as the counts of the classes, for as long as it is saved."""
        if outermost_namespace(node) is None and is_local_file(self._catalog.get(dataset_name)):
            self._locks[dataset_name] = self._lock(dataset_name)
            self._locks[dataset_name].acquire()

    @hook_impl(wrapper=True)
    def after_dataset_saved(self, dataset_name: str, node: Node) -> Generator[None, Any, Any]:
        """Give the file up, once it is noted what it was made from."""
        result = yield
        if outermost_namespace(node) is None and (lock := self._locks.pop(dataset_name, None)):
            lock.release()
        return result

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Give all claims up."""
        for lock in self._locks.values():
            lock.release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Give all claims up."""
        self.after_pipeline_run()

    def note_run(self, namespace: str, uri: str) -> str:
        """Note that an MLflow run will be opened, for the case that this process is killed before it is closed.

        Args:
            namespace: Whose run.
            uri: Of the MLflow store.

        Returns:
            A new identifier, by which the run can be found.
        """
        identifier = uuid4().hex
        note = self._note(namespace, uri)
        note.write_text(identifier)
        synchronize(note)  # before the store, which synchronizes too, knows of the run
        synchronize(note.parent)
        return identifier

    def forget_run(self, namespace: str, uri: str) -> None:
        """Strike the run in an MLflow store out: it is closed. One in another store is not."""
        self._note(namespace, uri).unlink(missing_ok=True)

    def unfinished_runs(self, uri: str) -> Iterator[tuple[str, str]]:
        """The runs in an MLflow store that were noted and not closed, and that no process works on.

        Yields:
            Namespace and identifier.
        """
        for note in sorted(self._folder.glob(f"*{_noted(uri)}")):
            name = note.name.removesuffix(_noted(uri))
            try:
                claim = note.read_text()
                if name not in self._locks:
                    with self._lock(name).acquire(timeout=0):
                        pass
            except (OSError, ValueError, Timeout):
                continue
            if CLAIM.fullmatch(claim):
                yield name, claim

    def _lock(self, name: str) -> FileLock:
        return FileLock(self._folder / f"{name}.lock")

    def _note(self, namespace: str, uri: str) -> Path:
        return self._folder / f"{namespace}{_noted(uri)}"


def _noted(uri: str) -> str:
    """How notes of runs in a store end: stores are told apart without an address, which may hold a password."""
    return f".{hashlib.sha256(uri.encode()).hexdigest()}.run"
