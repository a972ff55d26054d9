"""The catalog. Kedro imports this module at every command, even `kedro --help`."""

from kedro.io import DataCatalog


class CatalogOfCurrentResults(DataCatalog):
    """A catalog in which a result that was made from something else does not exist.

    Attributes:
        outdated: The names of such results; `ProvenanceHooks` finds them.
    """

    outdated: frozenset[str] = frozenset()

    def exists(self, ds_name: str) -> bool:
        """Whether the data set exists and was made from what is there now."""
        return ds_name not in self.outdated and super().exists(ds_name)
