"""Figures as a Kedro data set that can be loaded, too: as the file that was saved."""

from kedro.io.core import get_filepath_str
from kedro_datasets.matplotlib import MatplotlibDataset


class FigureDataset(MatplotlibDataset):  # type: ignore[misc] # it ships no types
    """A Matplotlib figure, saved as an image and loaded as the bytes of that image, for a page to show."""

    def load(self) -> bytes:
        """Read the file.

        Returns:
            An image, as it was saved.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        with self._fs.open(path, "rb") as file:
            content: bytes = file.read()
        return content
