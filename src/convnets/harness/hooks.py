"""The harness as Kedro's hooks, in the order in which they depend on each other.

Kedro imports this module at every command, even `kedro --help`.
"""

import gc
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from convnets.harness.catalog import CatalogOfCurrentResults, RunRequest
from convnets.harness.experiment import Check, Experiment, Plan, PlannedRun
from convnets.harness.signals import end_if_asked

DASK_RUNNER = "DaskRunner"  # as it calls itself


class Harness:
    """Plans a run as the experiment says, and registers the hooks that make it trustworthy."""

    def __init__(self, experiment: str) -> None:
        """Import nothing yet.

        Args:
            experiment: The dotted name of an `Experiment`.
        """
        self._name = experiment
        self._planned: tuple[object, Plan] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all parameters and settings before Kedro builds a catalog, and add what the experiment plans."""
        from convnets.harness.atomic_files import AtomicFileHooks  # noqa: PLC0415
        from convnets.harness.checks import FileNameHooks  # noqa: PLC0415
        from convnets.harness.locks import NamespaceLocks  # noqa: PLC0415
        from convnets.harness.outdated import OutdatedInputHooks  # noqa: PLC0415
        from convnets.harness.provenance import ProvenanceHooks  # noqa: PLC0415
        from convnets.harness.resuming import ResumeHooks  # noqa: PLC0415
        from convnets.harness.tracking.hooks import TrackingHooks  # noqa: PLC0415
        from convnets.harness.tracking.settings import check_tracking_settings  # noqa: PLC0415
        from convnets.harness.tracking.store import tracking_uri, uri_for_others  # noqa: PLC0415

        experiment: Experiment = load_obj(self._name)
        loader = context.config_loader
        global_values, values = loader["globals"], loader["parameters"]
        settings = check_tracking_settings(loader["tracking"])
        plan = self._plan(experiment, values, global_values)
        loader["parameters"] = values | plan.blocks
        pipelines.update(plan.pipelines)
        outputs = context.project_path / global_values["outputs"]
        locks = NamespaceLocks(outputs)
        uri = tracking_uri(context.project_path, settings)
        # Kedro calls the last of them first. Before a run: it is checked before anything is written, claimed before it
        # is looked at what is there, and known what is outdated before it is looked where to go on. When a data set is
        # saved: the file gets its name, is recorded, and only then counts as made.
        in_turn = (
            ResumeHooks(),
            ProvenanceHooks(experiment, plan.parameters),
            OutdatedInputHooks(experiment, plan.parameters, pipelines),
            *plan.hooks,
            TrackingHooks(context.project_path, settings, experiment, plan.describe_run, locks),
            AtomicFileHooks(),
            locks,
            GarbageHooks(),
            SignalHooks(),
            FileNameHooks(),
            RequestHooks(experiment, str(loader.conf_source), uri_for_others(uri), plan.side_by_side),
            CheckHooks(plan.checks, experiment.namespaces, outputs),
        )
        for hooks in in_turn:
            context._hook_manager.register(hooks)

    def _plan(self, experiment: Experiment, values: dict[str, Any], global_values: dict[str, Any]) -> Plan:
        """The plan, which a command needs twice where it looks for a pipeline that the configuration names."""
        asked = repr((values, global_values, requested_pipelines()))
        if self._planned is None or self._planned[0] != asked:
            self._planned = asked, experiment.plan(values, global_values, requested_pipelines())
        return self._planned[1]


def requested_pipelines() -> Sequence[str] | None:
    """The names of the pipelines that a run asks for; `None` where nothing is run, and all may be asked for.

    Kedro notes them in a private attribute alone, and there nothing for the default pipeline.
    """
    names: Sequence[str] | None = getattr(pipelines, "_requested_pipelines", None)
    context = click.get_current_context(silent=True)
    return ["__default__"] if not names and context and context.info_name == "run" else names


class CheckHooks:
    """Makes the checks of the experiment, in its order, before the first node runs."""

    def __init__(self, checks: Sequence[Check], namespaces: Sequence[str], outputs: Path) -> None:
        """Note what is checked.

        Args:
            checks: See `Plan`.
            namespaces: See `PlannedRun`.
            outputs: The folder of results.
        """
        self._checks = checks
        self._namespaces = namespaces
        self._outputs = outputs

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check all that can be checked."""
        run = PlannedRun(pipeline, catalog, run_params["env"], self._outputs, self._namespaces)
        for check in self._checks:
            check(run)


class GarbageHooks:
    """Lets Python's garbage collector, which `kedro run` has stopped, search what nodes make, and only that."""

    @hook_impl
    def before_node_run(self) -> None:
        """Set apart what is there before the first node: imported modules are garbage at the end of the process."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()


class SignalHooks:
    """Ends a run between two nodes where a library has swallowed what a signal raised."""

    @hook_impl
    def before_node_run(self) -> None:
        """Look whether the process is asked to end."""
        end_if_asked()


class RequestHooks:
    """Notes in the catalog what was asked for: Kedro gives it to runners, and nothing else."""

    def __init__(
        self,
        experiment: Experiment,
        conf_source: str,
        tracking_uri: str | None,
        side_by_side: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Note what Kedro does not tell hooks.

        Args:
            experiment: Of the project.
            conf_source: Where the configuration is.
            tracking_uri: Where runs are recorded; `None`: the environment of each process says.
            side_by_side: See `Plan`.
        """
        self._experiment = experiment
        self._conf_source = conf_source
        self._tracking_uri = tracking_uri
        self._side_by_side = side_by_side

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogOfCurrentResults
    ) -> None:
        """Note the rest, and choose how many namespaces are run at a time."""
        from convnets.harness.runners import SEQUENTIAL  # noqa: PLC0415

        processes = 1
        if run_params["runner"] == SEQUENTIAL:
            processes = self._choose_processes(pipeline, catalog)
        catalog.request = RunRequest(
            command=sys.argv[1:],
            run_id=run_params["run_id"],
            project_path=run_params["project_path"],
            conf_source=self._conf_source,
            env=run_params["env"],
            runtime_params=run_params["runtime_params"],
            pipeline_names=run_params["pipeline_names"],
            only_missing=run_params["only_missing_outputs"],
            tracking_uri=self._tracking_uri,
            package=self._experiment.package,
            packages=list(self._experiment.packages),
            namespaces=list(self._experiment.namespaces),
            processes=processes,
            elsewhere=processes > 1 or run_params["runner"] == DASK_RUNNER,
        )

    def _choose_processes(self, pipeline: Pipeline, catalog: DataCatalog) -> int:
        from convnets.harness.processes.choice import choose  # noqa: PLC0415
        from convnets.harness.processes.handing_on import memory_between  # noqa: PLC0415

        several = {node.namespace for node in pipeline.nodes} & self._side_by_side.keys()
        if len(several) <= 1:
            return 1
        in_memory = memory_between(pipeline, catalog)
        seconds = sum(self._side_by_side[str(name)] for name in several)
        choice = choose(len(several), seconds, in_memory[0] if in_memory else None)
        click.echo(f"{len(several)} trainings, {choice.how}")
        return choice.processes
