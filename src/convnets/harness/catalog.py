"""The catalog. Kedro imports this module at every command, even `kedro --help`."""

from typing import TYPE_CHECKING

from kedro.io import DataCatalog

if TYPE_CHECKING:
    from convnets.harness.dask.task import RunRequest


class CatalogOfCurrentResults(DataCatalog):
    """A catalog in which a result that was made from something else does not exist.

    Attributes:
        outdated: The names of such results; `ProvenanceHooks` finds them.
        request: What was asked for with `kedro run`, for a runner that hands it on; `HandoverHooks` notes it.
        only_missing: Whether it was asked for only what is missing.
    """

    outdated: frozenset[str] = frozenset()
    request: "RunRequest"
    only_missing: bool = False

    def exists(self, ds_name: str) -> bool:
        """Whether the data set exists and was made from what is there now."""
        return ds_name not in self.outdated and super().exists(ds_name)
