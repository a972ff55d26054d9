"""Files appear whole: each is written beside its place and then takes it; no interruption leaves half of one.

Nor does a loss of power: a file is on the disk before it takes its name, and the name before anything goes on.
"""

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from convnets.harness.storage import is_local_file, move_to, path_of

PREFIX = ".unfinished-"
UNFINISHED = re.compile(re.escape(PREFIX) + r"(?P<process>[0-9]{1,9})@(?P<machine>[^+]*)\+.+")


class AtomicFileHooks:
    """Lets data sets that are local files write to a temporary name, and gives them their own when they are whole."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Remove what processes that were killed have left unfinished."""
        self._catalog = catalog
        self._final: dict[str, Path] = {}
        datasets = [catalog.get(name) for name in pipeline.datasets()]
        for folder in {path_of(dataset).parent for dataset in datasets if is_local_file(dataset)}:
            for unfinished in (*folder.glob(f"{PREFIX}*"), *folder.glob(f".*/{PREFIX}*")):  # results and notes on them
                if is_left_behind(unfinished.name):
                    with suppress(OSError):  # it may be gone, a folder, or of another user: none stands in the way
                        unfinished.unlink()

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Point the data set at a temporary name in the same folder, with the same suffix."""
        dataset = self._catalog.get(dataset_name)
        if is_local_file(dataset):
            final = self._final[dataset_name] = path_of(dataset)
            move_to(dataset, final.with_name(unfinished_name(final.name)))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Give the whole file its name."""
        if final := self._final.pop(dataset_name, None):
            dataset = self._catalog[dataset_name]
            give_name(path_of(dataset), final)
            move_to(dataset, final)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Remove what could not be written in full."""
        for name, final in self._final.items():
            dataset = self._catalog[name]
            path_of(dataset).unlink(missing_ok=True)
            move_to(dataset, final)


def unfinished_name(name: str) -> str:
    """What a file is called while this process writes it; a folder may be shared with other machines."""
    return f"{PREFIX}{os.getpid()}@{platform.node()}+{name}"


def final_path(path: str) -> str:
    """The path that a file will have which is still being written; any other as it is."""
    folder, separator, name = path.rpartition("/")
    return folder + separator + (name.partition("+")[2] if UNFINISHED.fullmatch(name) else name)


def is_left_behind(name: str) -> bool:
    """Whether a name is that of a file which a process of this machine wrote until it was killed."""
    owner = UNFINISHED.fullmatch(name)
    return bool(owner and owner["machine"] == platform.node() and not is_alive(int(owner["process"])))


def write_atomically(path: Path, text: str) -> None:
    """Write a text file that nobody ever sees in part, whoever else writes it at the same time."""
    unfinished = path.with_name(unfinished_name(path.name))
    with naming(path):
        unfinished.write_text(text)
    give_name(unfinished, path)


def give_name(unfinished: Path, path: Path) -> None:
    """Give a whole file its name, so that not even a loss of power leaves an empty one there."""
    with naming(path):
        synchronize(unfinished)
        unfinished.replace(path)
        synchronize(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have errors name a file: the system leaves it out where the disk is full."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def synchronize(path: Path) -> None:
    """Wait until what is in a file is on the disk, or the names that are in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)  # which sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
