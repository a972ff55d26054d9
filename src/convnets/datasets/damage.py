"""Stored results that are damaged: found before they are used, so that they can be made again."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import DatasetError

from convnets.datasets.model_file import check_expansion
from convnets.errors import one_line
from convnets.studies import network_of

# What others read of a result.
COLUMNS = {
    "history": ("epoch", "loss", "accuracy", "epoch_seconds"),
    "metrics": ("parameters", "test_accuracy", "test_loss", "fit_seconds", "fit_images_per_second", "model_bytes"),
    "per_class": ("class", "recall"),
    "predictions": ("label", "predicted", "p0"),
}
MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}  # of a `.keras` file


def find_damage(dataset: Any, name: str) -> str | None:
    """Find what is wrong with a stored result.

    Args:
        dataset: It is a local file, and exists.
        name: In the catalog: `cnn.model`.

    Returns:
        What is wrong, in a few words; `None` if nothing is found. Figures and texts are not looked into.
    """
    path, (namespace, _, kind) = Path(dataset._filepath), name.partition(".")
    if path.suffix == ".keras":
        return _damage_of_model(path, network_of(namespace))
    if path.suffix not in (".csv", ".json", ".parquet"):
        return None
    try:
        data = dataset.load()
    except DatasetError as error:
        return one_line(str(error.__cause__ or error))
    return _damage_of_table(data, COLUMNS.get(kind, ()))


def _damage_of_model(path: Path, network: str) -> str | None:
    """Check the sums of all members; none is unpacked, nothing in the file is executed."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_expansion(archive, path.stat().st_size)
            if missing := MEMBERS - set(archive.namelist()):
                return f"it has no {', '.join(sorted(missing))}"
            if broken := archive.testzip():
                return f"its {broken} is not whole"
            found = json.loads(archive.read("config.json"))["config"]["name"]
    except (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        # RuntimeError: a member is encrypted, or stored in a way that zipfile does not know.
        return one_line(str(error)) or "it is not whole"
    return None if found == network else f"it is the network {one_line(str(found))!r}"


def _damage_of_table(data: Any, columns: tuple[str, ...]) -> str | None:
    if not columns:
        return None
    if not isinstance(data, dict | pd.DataFrame):
        return f"it holds a {type(data).__name__}"
    if missing := [column for column in columns if column not in data]:
        return f"it has no {', '.join(missing)}"
    values = pd.DataFrame([data]) if isinstance(data, dict) else data
    if values.empty or values[list(columns)].isna().any(axis=None):
        return "it is not filled in"
    return None


def count_classes(dataset: Any) -> int | None:
    """How many classes a stored model, predictions or scores of classes tell apart; they are whole.

    Args:
        dataset: It is a local file.

    Returns:
        The number; `None` of a model whose last layer is not dense.
    """
    path = Path(dataset._filepath)
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            layers = json.loads(archive.read("config.json"))["config"]["layers"]
        units: int | None = layers[-1]["config"].get("units")
        return units
    data = dataset.load()
    return len(data.filter(regex=r"^p\d+$").columns) or len(data)
