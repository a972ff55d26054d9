"""The pipelines that `kedro run --pipelines` knows."""

from collections.abc import Mapping, Sequence

from kedro.pipeline import Pipeline

from convnets.parameters import CONVNETS, NETWORKS
from convnets.pipelines import (
    classifier,
    comparison,
    convolution,
    export,
    label_errors,
    playground,
    prediction,
    preparation,
    report,
    robustness,
    studies,
    translation,
)
from convnets.studies import StudyTraining

TAKEN = ("preparation", "comparison", "export", "playground", "report")  # by pipelines that no parameter is named after
CREATE = {"robustness": robustness.create_pipeline}  # of studies that measure something of their own


def register_pipelines() -> dict[str, Pipeline]:
    """Register the lecture's pipelines.

    Returns:
        The pipelines by name. Those of further networks and of studies are registered when parameters are known.
    """
    return register_networks(NETWORKS, NETWORKS, CONVNETS)


def register_networks(networks: Sequence[str], compared: Sequence[str], convnets: Sequence[str]) -> dict[str, Pipeline]:
    """Register preparation, a classifier per network, comparison and report, which make the default, and all beyond.

    Args:
        networks: The names of all networks.
        compared: Of those that are trained by default, and compared.
        convnets: Those of them that have convolution layers.

    Returns:
        The pipelines by name. A network's pipeline prepares the data first, so that it runs from the raw files; so do
        the convolution's, the playground's and the translation's. The comparison's makes the report anew.
    """
    prepare = preparation.create_pipeline()
    classify = {network: classifier.create_pipeline(network) for network in networks}
    tell = report.create_pipeline(compared)
    compare = comparison.create_pipeline(compared) + tell
    return {
        "preparation": prepare,
        **{network: prepare + pipeline for network, pipeline in classify.items()},
        "comparison": compare,
        "convolution": prepare.to_outputs("test_images") + convolution.create_pipeline(convnets),
        "export": prepare.to_outputs("test_images") + export.create_pipeline(compared),
        "label_errors": label_errors.create_pipeline(compared),
        "playground": prepare.to_outputs("test_images", "test_labels") + playground.create_pipeline(compared),
        "prediction": prediction.create_pipeline(compared),
        "report": tell,
        "translation": prepare.to_outputs("test_images", "test_labels") + translation.create_pipeline(compared),
        "__default__": sum((classify[network] for network in compared), prepare) + compare,
    }


def register_studies(names: Sequence[str], trainings: Mapping[str, StudyTraining]) -> dict[str, Pipeline]:
    """The pipelines of studies.

    Args:
        names: Of all studies.
        trainings: Of those that are wanted, as `plan_trainings` returns them; the others' pipelines are empty.
    """
    of_study: dict[str, dict[str, StudyTraining]] = {}
    for name, training in trainings.items():
        of_study.setdefault(training.study, {})[name] = training
    return {
        study: CREATE.get(study, studies.create_pipeline)(study, of_study[study]) if study in of_study else Pipeline([])
        for study in names
    }
