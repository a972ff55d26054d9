"""Figures as a Kedro data set that can be loaded, too: as the file that was saved, which holds them as vectors, too."""

import io

import matplotlib as mpl
from kedro.io.core import get_filepath_str
from kedro_datasets.matplotlib import MatplotlibDataset
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from convnets.vectors import add_vectors

mpl.rcParams["svg.hashsalt"] = "convnets"  # the same figure is the same file
UNDATED = {"Date": None, "Creator": None}


class FigureDataset(MatplotlibDataset):  # type: ignore[misc] # it ships no types
    """A Matplotlib figure, saved as a PNG file with the figure as vectors in it, for a page to show."""

    def _save_to_fs(self, full_key_path: str, plot: Figure) -> None:
        image, vectors = io.BytesIO(), io.BytesIO()
        FigureCanvasAgg(plot).print_png(image)  # type: ignore[no-untyped-call] # savefig would draw it twice
        plot.set_layout_engine("none")  # as it is now
        FigureCanvasSVG(plot).print_svg(vectors, metadata=UNDATED)  # type: ignore[no-untyped-call]
        with self._fs.open(full_key_path, **self._fs_open_args_save) as file:
            file.write(add_vectors(image.getvalue(), vectors.getvalue()))

    def load(self) -> bytes:
        """Read the file.

        Returns:
            A PNG file; `vectors_of` has the figure as vectors.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        with self._fs.open(path, "rb") as file:
            content: bytes = file.read()
        return content
