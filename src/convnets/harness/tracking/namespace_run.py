"""What is known of the MLflow run of a namespace while a command works on it."""

from dataclasses import dataclass


@dataclass
class NamespaceRun:
    """The MLflow run of a namespace, as far as this process has come with it.

    Attributes:
        name: Of the namespace, and of the run.
        unsaved: Outputs that are still to come.
        run_id: `None` while no run is open.
        model_id: Of the model that was logged.
        epochs: How many are recorded.
        failed: Whether a node of it has.
        unrecorded: Whether an earlier process was killed before all that it made was recorded.
        incomplete: Whether something could not be recorded, since the store failed.
    """

    name: str
    unsaved: set[str]
    run_id: str | None = None
    model_id: str | None = None
    epochs: int = 0
    failed: bool = False
    unrecorded: bool = False
    incomplete: bool = False
