"""What training needs to resume after an interruption: the model, its optimizer and the log so far, in one file."""

import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from kedro.io import DatasetError

from convnets.datasets.model_file import KerasFileDataset, check_expansion, load_model

if TYPE_CHECKING:
    from keras import Model
else:
    Model = Any

LOG = "training_log.csv"
PLANNED = "epochs.txt"
BEST = "best.npz"


class Checkpoint(NamedTuple):
    """The state of training after its last finished epoch.

    Attributes:
        model: Compiled, with the state of its optimizer.
        log: A row for each finished epoch, as `train` makes it.
        epochs: How many are planned; of a training that has stopped early, how many there were.
        best: The weights after the best epoch so far, in the model's order; `None`: they are not kept.
    """

    model: Model
    log: pd.DataFrame
    epochs: int
    best: list[np.ndarray] | None = None


class CheckpointDataset(KerasFileDataset[Checkpoint]):
    """Keeps a checkpoint as a `.keras` file with the log among its members, so that they cannot disagree.

    It counts as existing only once all planned epochs are in it: until then Kedro considers it missing.
    """

    def load(self) -> Checkpoint:
        """Read the checkpoint; nothing in it is executed.

        Raises:
            DatasetError: It is damaged, needs code of its own, or would expand beyond its size.
        """
        log, epochs = self._progress()
        best = self._best()
        try:
            with tempfile.TemporaryDirectory() as folder:
                local = Path(folder) / "checkpoint.keras"
                self._fs.get_file(self._path, str(local))
                return Checkpoint(load_model(local), log, epochs, best)
        except (OSError, ValueError) as error:
            raise DatasetError(self._refusal(error)) from error

    def save(self, data: Checkpoint) -> None:
        """Write the checkpoint."""
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "checkpoint.keras"
            data.model.save(local)
            with zipfile.ZipFile(local, "a") as archive:
                archive.writestr(LOG, data.log.to_csv(index=False))
                archive.writestr(PLANNED, str(data.epochs))
                if data.best is not None:
                    weights = io.BytesIO()
                    np.savez(weights, *data.best)
                    archive.writestr(BEST, weights.getbuffer())
            self._put(local)

    def finished_epochs(self) -> int:
        """How many epochs are in the file; 0 if there is none, or a damaged one."""
        try:
            return len(self._progress()[0])
        except DatasetError:
            return 0

    def _progress(self) -> tuple[pd.DataFrame, int]:
        with self._archive() as archive:
            return pd.read_csv(io.BytesIO(archive.read(LOG))), int(archive.read(PLANNED))

    def _best(self) -> list[np.ndarray] | None:
        with self._archive() as archive:
            if BEST not in archive.namelist():
                return None
            stored = archive.read(BEST)
            with zipfile.ZipFile(io.BytesIO(stored)) as inner:
                check_expansion(inner, len(stored))
            with np.load(io.BytesIO(stored), allow_pickle=False) as weights:
                return list(weights.values())

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with self._fs.open(self._path, "rb") as file, zipfile.ZipFile(file) as archive:
                check_expansion(archive, file.seek(0, os.SEEK_END))
                yield archive
        except Exception as error:  # a damaged archive may raise anything
            raise DatasetError(self._refusal(error)) from error

    def _refusal(self, error: Exception) -> str:
        return f"{self._filepath} is no whole checkpoint ({str(error).partition(chr(10))[0]}): delete it"

    def _exists(self) -> bool:
        try:
            log, epochs = self._progress()
        except DatasetError:
            return False
        return len(log) == epochs
