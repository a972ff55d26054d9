"""Project settings, read by Kedro: hooks, the catalog, and how configuration is merged."""

from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.configuration import ConfigLoader
from convnets.harness.hooks import Harness

HOOKS = (Harness("convnets.experiment.EXPERIMENT"),)

DATA_CATALOG_CLASS = CatalogOfCurrentResults

CONFIG_LOADER_CLASS = ConfigLoader

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"tracking": ["tracking*"]},
    # An environment names what it changes; the rest is the base's.
    "merge_strategy": {"globals": "soft", "parameters": "soft", "tracking": "soft"},
}
