"""Files appear whole: each is written beside its place and then takes it; no interruption leaves half of one."""

import os
import platform
import re
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

PREFIX = ".unfinished-"
UNFINISHED = re.compile(re.escape(PREFIX) + r"(?P<process>\d+)@(?P<machine>[^+]*)\+.+")


class WholeFileHooks:
    """Lets data sets that are local files write to a temporary name, and gives them their own when they are whole."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Remove what processes that were killed have left unfinished."""
        self._catalog = catalog
        self._final: dict[str, PurePosixPath] = {}
        datasets: list[Any] = [catalog.get(name) for name in pipeline.datasets()]
        for folder in {Path(dataset._filepath).parent for dataset in datasets if is_local_file(dataset)}:
            for unfinished in (*folder.glob(f"{PREFIX}*"), *folder.glob(f".*/{PREFIX}*")):  # results and notes on them
                if is_left_behind(unfinished.name):
                    unfinished.unlink(missing_ok=True)

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Point the data set at a temporary name in the same folder, with the same suffix."""
        dataset: Any = self._catalog.get(dataset_name)
        if is_local_file(dataset):
            final = self._final[dataset_name] = dataset._filepath
            dataset._filepath = final.with_name(unfinished_name(final.name))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Give the whole file its name."""
        if final := self._final.pop(dataset_name, None):
            dataset: Any = self._catalog[dataset_name]
            Path(dataset._filepath).replace(final)
            dataset._filepath = final

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Remove what could not be written in full."""
        for name, final in self._final.items():
            dataset: Any = self._catalog[name]
            Path(dataset._filepath).unlink(missing_ok=True)
            dataset._filepath = final


def unfinished_name(name: str) -> str:
    """What a file is called while this process writes it; a folder may be shared with other machines."""
    return f"{PREFIX}{os.getpid()}@{platform.node()}+{name}"


def is_left_behind(name: str) -> bool:
    """Whether a name is that of a file which a process of this machine wrote until it was killed."""
    owner = UNFINISHED.fullmatch(name)
    return bool(owner and owner["machine"] == platform.node() and not is_alive(int(owner["process"])))


def write_whole(path: Path, text: str) -> None:
    """Write a text file that nobody ever sees in part, whoever else writes it at the same time."""
    unfinished = path.with_name(unfinished_name(path.name))
    unfinished.write_text(text)
    unfinished.replace(path)


def is_local_file(dataset: Any) -> bool:
    """Whether a data set is kept in one file of this machine."""
    return getattr(dataset, "_protocol", None) == "file" and hasattr(dataset, "_filepath")


def is_alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)  # which sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
