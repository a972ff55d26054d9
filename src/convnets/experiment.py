"""What the lecture tells the harness: the one place where the two storeys meet. `settings.py` names it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from convnets.checks import checks_of
from convnets.descriptions import describe_comparison, describe_network, describe_use
from convnets.figures import INK, network_colour
from convnets.forecast import forecast, rough_seconds
from convnets.harness.experiment import Experiment, Plan, RunDescription
from convnets.harness.messages import ParameterError
from convnets.network_parameters import Convolutional
from convnets.parameters import NETWORKS, check_globals, check_parameters
from convnets.pipeline_registry import TAKEN, register_networks, register_studies
from convnets.precision import choose_policy
from convnets.studies import StudyTraining, parameter_blocks, plan_trainings
from convnets.terminal import TerminalHooks

SHARED = ("seed", "steps_per_execution", "strategy")  # parameters of every training


def plan(values: dict[str, Any], global_values: dict[str, Any], requested: Sequence[str] | None) -> Plan:
    """Plan a run. See `Experiment`."""
    check_globals(global_values)
    parameters = check_parameters(values)
    networks, names = list(parameters.classifiers), list(parameters.studies)
    trainings = plan_trainings(parameters, requested)
    every = parameters.model_dump(mode="json")
    further = {name: every[name] for name in networks if name not in NETWORKS}
    pipelines: dict[str, Pipeline] = {}
    if networks != list(NETWORKS) or parameters.networks != NETWORKS:
        convnets = [
            name for name in parameters.networks if isinstance(parameters.classifiers[name].network.root, Convolutional)
        ]
        pipelines = register_networks(networks, parameters.networks, convnets)
    if taken := {*networks, *names} & {*TAKEN}:
        raise ParameterError(
            f"{min(taken)} is the name of a network or a study; allowed: a name that no other pipeline has"
        )
    blocks = parameter_blocks(trainings)
    return Plan(
        parameters=every | blocks,
        blocks=further | blocks,
        pipelines=pipelines | register_studies(names, trainings),
        checks=checks_of(parameters, trainings),
        describe_run=partial(describe_run, parameters=every | blocks, studies=names),
        hooks=[TerminalHooks(parameters.networks, forecast(parameters, trainings, Path(global_values["outputs"])))],
        side_by_side=side_by_side(trainings),
    )


def side_by_side(trainings: Mapping[str, StudyTraining]) -> dict[str, float]:
    """The trainings that may be run side by side, with the seconds that each takes roughly: all, or none.

    Side by side, none would show how fast it is alone; and one on several devices needs them all.
    """
    if any("speed" in training.measures or training.strategy != "default" for training in trainings.values()):
        return {}
    return {name: rough_seconds(training) for name, training in trainings.items()}


def describe_run(namespace: str, parameters: dict[str, Any], studies: Sequence[str]) -> RunDescription:
    """Say what MLflow records of a network, of a training of a study, or of what is made of them.

    Args:
        namespace: Whose run.
        parameters: Nested, with a block for each training of a study.
        studies: Their names.
    """
    block = parameters.get(namespace, {})
    nested = {"dataset": parameters["dataset"]}
    if "training" in block:
        nested |= {name: parameters[name] for name in SHARED}
    nested |= block
    if "training" in block:
        nested["precision"] = choose_policy(nested.get("precision", parameters["precision"]))
    tags = {"mlflow.runColor": INK}
    if network := block.get("network"):
        tags = {"network": network["name"], "mlflow.runColor": network_colour(network["name"])}
    if study := block.get("study"):
        samples = block["samples"] or block["dataset"]["train_samples"] or "all"
        tags |= {"study": study, "samples": str(samples), "seed": str(block["seed"])}
        tags |= {name: str(value) for name, value in block["varied"].items()}
        if block["trial"] is not None:
            tags |= {"trial": str(block["trial"])}
    related = f"tags.study = '{namespace}' AND attributes.status = 'FINISHED'" if namespace in studies else None
    description = RunDescription(nested, tags, related=related)
    if namespace == "comparison":
        return replace(description, result=describe_comparison)
    if "training" in block and "study" not in block:
        use = describe_use(parameters["dataset"]["class_names"])
        return replace(description, result=partial(describe_network, parameters=nested), model_use=use)
    return description


EXPERIMENT = Experiment(
    package="convnets",
    packages=("keras", "numpy", "tensorflow"),
    namespaces=NETWORKS,
    plan=plan,
)
