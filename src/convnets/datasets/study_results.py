"""The results of those studies that were run: nothing that reads them fails where there are none."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Never, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

PNG = b"\x89PNG"
SHORTER = ("mean_accuracies.csv", "ceiling.csv")  # tables in a study's folder that say the same in fewer rows


class StudyResult(NamedTuple):
    """What a study has found.

    Attributes:
        figure: The main one, a PNG file.
        table: The shortest that sums it up.
        file: Where that is, in the folder of results.
        made: When (UTC).
    """

    figure: bytes
    table: pd.DataFrame
    file: str
    made: str


class StudyResultsDataset(AbstractDataset[Never, dict[str, StudyResult]]):
    """A folder in which a study has left `<study>.csv` and `<study>.png`, and further tables in `<study>/`."""

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        """Read nothing yet.

        Args:
            folder: Of results; it need not be there.
            metadata: For others.
        """
        self._folder = Path(folder)
        self.metadata = metadata

    def parts(self) -> list[str]:
        """The names of the data sets that are there: what is read here is made of them."""
        return [f"{study}.{kind}" for study in self._studies() for kind in ("figure", "table")]

    def load(self) -> dict[str, StudyResult]:
        """Read the results.

        Returns:
            By study, in the order of their names; a study whose files are damaged is left out.
        """
        return {study: result for study in self._studies() if (result := self._read(study))}

    def save(self, data: Never) -> NoReturn:  # noqa: ARG002 - Kedro names the argument
        """Refuse: each study saves its own.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._folder} is only read here; allowed: the data sets of each study")

    def _studies(self) -> Iterator[str]:
        for table in sorted(self._folder.glob("[!.]*.csv")):
            if table.with_suffix(".png").is_file():
                yield table.stem

    def _read(self, study: str) -> StudyResult | None:
        tables = [*(self._folder / study / name for name in SHORTER), self._folder / f"{study}.csv"]
        file = next((table for table in tables if table.is_file()), tables[-1])
        try:
            figure = (self._folder / f"{study}.png").read_bytes()
            made = datetime.fromtimestamp(file.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
            table = pd.read_csv(file)
        except (OSError, ValueError):
            return None
        return StudyResult(figure, table, str(file.relative_to(self._folder)), made) if figure[:4] == PNG else None

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder)}
