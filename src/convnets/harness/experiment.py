"""What the harness is told of the experiment that it runs: a project makes one, and names it in `settings.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline


@dataclass(frozen=True)
class PlannedRun:
    """A run before its first node.

    Attributes:
        pipeline: What will be run.
        catalog: Where its data sets are.
        environment: The configuration it is run with; `None`: the base.
        outputs: The folder of results.
        namespaces: Those of the experiment that a pipeline of the same name makes.
    """

    pipeline: Pipeline
    catalog: DataCatalog
    environment: str | None
    outputs: Path
    namespaces: Sequence[str]
    _loaded: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def load(self, name: str) -> Any:
        """Load a data set of the catalog, once for all checks."""
        if name not in self._loaded:
            self._loaded[name] = self.catalog.load(name)
        return self._loaded[name]


Check = Callable[[PlannedRun], None]
"""Raises a `UserError` where a run would be in vain. It changes nothing."""


@dataclass(frozen=True)
class RunDescription:
    """What MLflow records of a namespace beside its results.

    Attributes:
        parameters: Nested; they are recorded flat, with dots.
        tags: By name. `mlflow.runColor` is the colour of the run in the charts.
        result: From the metrics of a finished run to what came out, in Markdown; `(artifact:NAME)` refers to a file
            that was recorded. `None`: nothing is said.
        model_use: What its model takes and gives, in Markdown: it is registered, and the run is shown in the prepared
            view. `None`: neither, as of one training of many.
        related: A search for the runs that this one sums up; its page links to them. `None`: it sums up none.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    result: Callable[[Mapping[str, float]], str] | None = None
    model_use: str | None = None
    related: str | None = None


@dataclass(frozen=True)
class Plan:
    """What the configuration of a run asks for.

    Attributes:
        parameters: All of them, checked, nested as in `parameters.yml`: results depend on them.
        blocks: Of `parameters`, those that the configuration does not spell out; Kedro is given them, too.
        pipelines: By name, those that depend on the parameters; one that was not asked for may be empty.
        checks: What is checked before anything is made, in this order.
        describe_run: Says what is recorded of a namespace.
        hooks: Of the project's own, as what it says on the terminal.
        side_by_side: Namespaces that may be run several at a time, each on one thread, since they gain little from a
            second; and roughly how long each takes, in seconds.
    """

    parameters: dict[str, Any]
    blocks: Mapping[str, Any]
    pipelines: Mapping[str, Pipeline]
    checks: Sequence[Check]
    describe_run: Callable[[str], RunDescription]
    hooks: Sequence[object] = ()
    side_by_side: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """What a project is, to the harness.

    Attributes:
        package: The Python package whose code its results are made by.
        packages: Those of others whose versions its results depend on.
        namespaces: In the order in which they are run where there is a choice.
        plan: From the values of `parameters.yml`, those of `globals.yml`, and the names of the pipelines that were
            asked for (`None`: any may be) to what is to be done. It raises a `UserError` where a value is wrong.
    """

    package: str
    packages: Sequence[str]
    namespaces: Sequence[str]
    plan: Callable[[dict[str, Any], dict[str, Any], Sequence[str] | None], Plan]


def installed_version(package: str) -> str:
    """The version of an installed package; `none` if it is not installed, as a project that is run from its folder."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
