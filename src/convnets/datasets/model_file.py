"""Models as `.keras` files, treated as data: no code in them is executed, and none expands beyond its own size."""

import re
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

import fsspec
from kedro.io import AbstractDataset, DatasetError
from kedro.io.core import get_filepath_str, get_protocol_and_path

if TYPE_CHECKING:
    from keras import Model
else:
    Model = Any

MAX_REASON_CHARS = 300  # of what Keras says, which may repeat the whole configuration
Stored = TypeVar("Stored")


class KerasFileDataset(AbstractDataset[Stored, Stored]):
    """What data sets in `.keras` files have in common."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Describe the file; nothing is read yet.

        Args:
            filepath: A path that ends in `.keras`, or an address in any file system that fsspec knows.
            metadata: For Kedro-Viz and for tracking; Kedro does not read it.
        """
        self._protocol, path = get_protocol_and_path(filepath)
        self._filepath = PurePosixPath(path)
        self._fs = fsspec.filesystem(self._protocol)
        self.metadata = metadata

    @property
    def _path(self) -> str:
        return str(get_filepath_str(self._filepath, self._protocol))

    def _put(self, local: Path) -> None:
        """Copy a file to the data set's path; unlike `put`, treat neither path as a pattern."""
        self._fs.makedirs(str(PurePosixPath(self._path).parent), exist_ok=True)
        self._fs.put_file(str(local), self._path)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol}


class ModelDataset(KerasFileDataset[Model]):
    """Keeps a Keras model as a `.keras` file.

    Example of a catalog entry:
        ```yaml
        cnn.model:
          type: convnets.datasets.model_file.ModelDataset
          filepath: data/06_models/cnn.keras
        ```
    """

    def load(self) -> Model:
        """Read the model; nothing in it is executed.

        Raises:
            DatasetError: The file is missing or damaged, needs code of its own, or would expand beyond its size.
        """
        try:
            with tempfile.TemporaryDirectory() as folder:
                local = Path(folder) / "model.keras"
                self._fs.get_file(self._path, str(local))
                return load_model(local)
        except (OSError, ValueError) as error:
            raise DatasetError(f"{self._filepath} is no model that can be used ({error}): train it again") from error

    def save(self, data: Model) -> None:
        """Write the model."""
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "model.keras"
            data.save(local)
            self._put(local)

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))


def load_model(file: Path) -> Model:
    """Load a model that consists only of Keras's own layers.

    Raises:
        ValueError: It does not. The message is the first sentence of Keras's innermost error, without a full stop.
    """
    import keras

    try:
        with file.open("rb") as opened, zipfile.ZipFile(opened) as archive:
            check_expansion(archive, file.stat().st_size)
        return keras.saving.load_model(file, safe_mode=True)
    except Exception as error:  # layers that are given what they cannot be may raise anything
        raise ValueError(_first_sentence(error)) from error


def check_expansion(archive: zipfile.ZipFile, size: int) -> None:
    """Check that no member of an archive is compressed, as Keras never does, so that none expands.

    Args:
        archive: Its contents are not read.
        size: Of the archive, in bytes.

    Raises:
        ValueError: Something is compressed, or several members share their bytes.
    """
    members = archive.infolist()
    stated = sum(max(member.file_size, member.compress_size) for member in members)
    if stated > size or any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError(f"its {size:,} bytes would expand to {stated:,}, and Keras compresses nothing")


def _first_sentence(error: Exception) -> str:
    innermost = str(error).rpartition("Exception encountered: ")[2]
    return re.split(r"\.?\s*\n|\. |\.$", innermost, maxsplit=1)[0][:MAX_REASON_CHARS] or type(error).__name__
