"""What the lecture tells the harness: the one place where the two storeys meet. `settings.py` names it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from convnets.checks import checks_of
from convnets.figures import INK, network_colour
from convnets.harness.experiment import Experiment, Plan, RunDescription
from convnets.parameters import NETWORKS, check_globals, check_parameters
from convnets.pipeline_registry import register_studies
from convnets.precision import choose_policy
from convnets.studies import STUDIES, parameter_blocks, plan_trainings
from convnets.terminal import TerminalHooks

SHARED = ("seed", "steps_per_execution", "strategy")  # parameters of every training run


def plan(values: dict[str, Any], global_values: dict[str, Any], requested: Sequence[str] | None) -> Plan:
    """Plan a run. See `Experiment`."""
    check_globals(global_values)
    parameters = check_parameters(values)
    # The studies' many nodes take half a second.
    wanted = requested is None or not set(STUDIES).isdisjoint(requested)
    trainings = plan_trainings(parameters) if wanted else {}
    blocks = parameter_blocks(trainings)
    every = parameters.model_dump(mode="json") | blocks
    return Plan(
        parameters=every,
        blocks=blocks,
        pipelines=register_studies(trainings) if trainings else {},
        checks=checks_of(parameters, trainings),
        describe_run=partial(describe_run, parameters=every),
        hooks=[TerminalHooks()],
    )


def describe_run(namespace: str, parameters: dict[str, Any]) -> RunDescription:
    """Say what MLflow records of a network, of a training run of a study, or of what is made of them.

    Args:
        namespace: Whose run.
        parameters: Nested, with a block for each training run of a study.
    """
    block = parameters.get(namespace, {})
    nested = {"dataset": parameters["dataset"]}
    if "training" in block:
        nested |= {name: parameters[name] for name in SHARED}
        nested["precision"] = choose_policy(parameters["precision"])
    tags = {"mlflow.runColor": INK}
    if network := block.get("network"):
        tags = {"network": network["name"], "mlflow.runColor": network_colour(network["name"])}
    if study := block.get("study"):
        samples = block["samples"] or parameters["dataset"]["train_samples"] or "all"
        tags |= {"study": study, "samples": str(samples), "seed": str(block["seed"])}
    related = f"tags.study = '{namespace}' AND attributes.status = 'FINISHED'" if namespace in STUDIES else None
    return RunDescription(nested | block, tags, related)


EXPERIMENT = Experiment(
    package="convnets",
    packages=("keras", "numpy", "tensorflow"),
    namespaces=NETWORKS,
    plan=plan,
)
