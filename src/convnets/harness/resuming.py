"""How a run goes on where another was interrupted: with a checkpoint that has not come to its end.

The catalog declares where one is handed to: `metadata: {resume: last_checkpoint}` of `cnn.checkpoint` means
`params:cnn.last_checkpoint`, which holds nothing where a run starts afresh.
"""

from typing import Any, Protocol, runtime_checkable

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from convnets.harness.catalog import CatalogOfCurrentResults


@runtime_checkable
class Resumable(Protocol):
    """A data set that exists only once the work that it keeps is finished."""

    def finished_epochs(self) -> int:
        """How far the work has come; 0 if nothing can be gone on with."""

    def exists(self) -> bool:
        """Whether the work has come to its end."""

    def load(self) -> Any:
        """What the work goes on with."""


class ResumeHooks:
    """Hands unfinished checkpoints, made from what is there now, to the nodes that go on with them."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogOfCurrentResults
    ) -> None:
        """Look for them, if only what is missing shall be made. What is outdated is known by then."""
        if not run_params["only_missing_outputs"]:
            return
        resumed: dict[str, int] = {}
        for name in pipeline.all_outputs() - catalog.outdated:
            dataset: Any = catalog.get(name)
            receiver = (getattr(dataset, "metadata", None) or {}).get("resume")
            if receiver and isinstance(dataset, Resumable) and (epochs := dataset.finished_epochs()):
                namespace = name.rpartition(".")[0]
                if not dataset.exists():
                    catalog.save(f"params:{namespace}.{receiver}", dataset.load())
                    resumed[namespace] = epochs
        catalog.resumed = resumed
