"""Who works on which results: one run at a time for each namespace, so that two runs never mix theirs."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.console import Console

FOLDER = ".running"  # in the folder of results


class Claims:
    """The namespaces that this process works on; the claim of a process that is killed ends with it."""

    def __init__(self, outputs: Path) -> None:
        """Claim nothing yet.

        Args:
            outputs: The folder of results.
        """
        self._folder = outputs / FOLDER
        self._locks: dict[str, FileLock] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Claim the pipeline's namespaces, in one order in every process; wait for those that another run works on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in sorted({name for node in pipeline.nodes if (name := run_name(node))}):
            lock = self._lock(name)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                Console().print(f"Another run works on {name}: waiting until it has ended")
                lock.acquire()
            self._locks[name] = lock

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Give all claims up."""
        for lock in self._locks.values():
            lock.release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Give all claims up."""
        self.after_pipeline_run()

    def note_run(self, namespace: str, uri: str, run_id: str) -> None:
        """Note an MLflow run that is open, or, with an empty id, to be opened, in case this process is killed."""
        self._note(namespace).write_text(json.dumps({"uri": uri, "run_id": run_id}))

    def forget_run(self, namespace: str) -> None:
        """Strike the run out: all of it is recorded, or nobody will go on with it."""
        self._note(namespace).unlink(missing_ok=True)

    def unfinished_runs(self, uri: str) -> Iterator[tuple[str, str]]:
        """The runs in an MLflow store of which processes noted that they are open, and that no process works on.

        Yields:
            Namespace and run id.
        """
        for note in sorted(self._folder.glob("*.json")):
            name = note.stem
            try:
                noted = json.loads(note.read_text())
                if name not in self._locks:
                    with self._lock(name).acquire(timeout=0):
                        pass
            except (OSError, ValueError, Timeout):
                continue
            if noted.get("uri") == uri:
                yield name, noted["run_id"]

    def _lock(self, namespace: str) -> FileLock:
        return FileLock(self._folder / f"{namespace}.lock")

    def _note(self, namespace: str) -> Path:
        return self._folder / f"{namespace}.json"


def run_name(node: Node) -> str | None:
    """What is recorded and claimed as one: a node's outermost namespace; `None` if it has none."""
    return node.namespace.split(".")[0] if node.namespace else None


def command_to_go_on() -> str:
    """The command line of this process, made to go on with what is there."""
    option = "--only-missing-outputs"
    return shlex.join(["kedro", *(argument for argument in sys.argv[1:] if argument != option), option])
