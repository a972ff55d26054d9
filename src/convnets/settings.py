"""Project settings, read by Kedro: hooks, the catalog, and how configuration is merged."""

import os

from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.configuration import ConfigLoader
from convnets.harness.hooks import Harness

# Kedro and MLflow report how they are used, unless they are told not to: also where the project's .telemetry is not.
os.environ.setdefault("DO_NOT_TRACK", "true")

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
