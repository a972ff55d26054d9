"""What a runner needs to have parts of a run done by other processes."""

import sys
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.dask.task import RunRequest
from convnets.harness.tracking.store import without_password


class HandoverHooks:
    """Notes in the catalog, the one thing that Kedro gives to hooks and to runners, what was asked for."""

    def __init__(self, conf_source: str | Path, tracking_uri: str) -> None:
        """Note what Kedro does not tell hooks.

        Args:
            conf_source: Where the configuration is.
            tracking_uri: Where runs are recorded. One with a password is not handed on.
        """
        self._conf_source = str(conf_source)
        self._tracking_uri = tracking_uri if without_password(tracking_uri) == tracking_uri else None

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: CatalogOfCurrentResults) -> None:
        """Note the rest."""
        catalog.only_missing = run_params["only_missing_outputs"]
        catalog.request = RunRequest(
            command=sys.argv[1:],
            run_id=run_params["run_id"],
            project_path=run_params["project_path"],
            conf_source=self._conf_source,
            env=run_params["env"],
            runtime_params=run_params["runtime_params"],
            pipeline_names=run_params["pipeline_names"],
            tracking_uri=self._tracking_uri,
        )
