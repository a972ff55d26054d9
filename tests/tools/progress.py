"""How far a run has come: what is recorded of it, and the epochs in its checkpoint."""

from pathlib import Path

import mlflow

from convnets.datasets.checkpoint import CheckpointDataset
from support import Project


def runs(project: Project) -> list[mlflow.entities.Run]:
    """All runs, the oldest first."""
    store = mlflow.MlflowClient(project.store)
    experiment = store.get_experiment_by_name("convnets-test")
    assert experiment is not None
    return list(store.search_runs([experiment.experiment_id], order_by=["attributes.start_time"]))


def epochs_in(path: Path) -> int:
    """The finished epochs in a checkpoint."""
    return CheckpointDataset(filepath=str(path)).finished_epochs()
