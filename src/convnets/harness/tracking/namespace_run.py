"""What is known of the MLflow run of a namespace while a command works on it."""

from dataclasses import dataclass, field

from convnets.harness.experiment import RunDescription


@dataclass
class NamespaceRun:
    """The MLflow run of a namespace, as far as this process has come with it.

    Attributes:
        name: Of the namespace, and of the run.
        unsaved: Outputs that are still to come.
        run_id: `None` while no run is open.
        started: When it was, in milliseconds.
        description: Of the namespace.
        model_id: Of the model that was logged.
        model_shape: Of an input of it, without the number of inputs.
        metrics: That are recorded, but for those of epochs.
        epochs: How many are recorded.
        failed: Whether a node of it has.
        unrecorded: Whether an earlier process was killed before all that it made was recorded.
        incomplete: Whether something could not be recorded, since the store failed.
    """

    name: str
    unsaved: set[str]
    run_id: str | None = None
    started: int = 0
    description: RunDescription = field(default_factory=RunDescription)
    model_id: str | None = None
    model_shape: tuple[int, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    epochs: int = 0
    failed: bool = False
    unrecorded: bool = False
    incomplete: bool = False
