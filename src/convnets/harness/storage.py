"""Where a data set is kept. Kedro says so in private attributes alone, `_filepath` and `_protocol`, read only here.

Data sets of `kedro-datasets` and those of a project have them; what has none is kept in memory or elsewhere.
"""

from pathlib import Path
from typing import Any

from kedro.io import DataCatalog


def is_local_file(dataset: Any) -> bool:
    """Whether a data set is kept in one file of this machine."""
    return getattr(dataset, "_protocol", None) == "file" and hasattr(dataset, "_filepath")


def has_path(dataset: Any) -> bool:
    """Whether a data set is kept in a file or a folder."""
    return hasattr(dataset, "_filepath")


def path_of(dataset: Any) -> Path:
    """The file or folder in which a data set is kept."""
    return Path(dataset._filepath)


def move_to(dataset: Any, path: Path) -> None:
    """Have a data set saved and loaded elsewhere from now on."""
    dataset._filepath = type(dataset._filepath)(path)


def stored_path(catalog: DataCatalog, name: str) -> str:
    """The path of a data set's file, for a message; its name where it has none."""
    dataset: Any = catalog[name]
    return str(dataset._filepath) if has_path(dataset) else name


def parts_of(catalog: DataCatalog, name: str) -> list[str]:
    """The names of the data sets that one consists of, which has a method `parts()`; of any other, its own."""
    dataset: Any = catalog.get(name)
    return list(dataset.parts()) if hasattr(dataset, "parts") else [name]
