"""The pipelines that `kedro run --pipelines` knows."""

from collections.abc import Mapping

from kedro.pipeline import Pipeline

from convnets.parameters import CONVNETS, NETWORKS
from convnets.pipelines import (
    classifier,
    comparison,
    convolution,
    prediction,
    preparation,
    sample_size,
    seeds,
    translation,
)
from convnets.studies import StudyTraining


def register_pipelines() -> dict[str, Pipeline]:
    """Register preparation, a classifier per network and comparison, which make the default, and all that is beyond.

    Returns:
        The pipelines by name. A network's pipeline prepares the data first, so that it runs from the raw files;
        so do the convolution's and the translation's. The trainings of the studies are added when their grids are
        known.
    """
    prepare = preparation.create_pipeline()
    classify = {network: classifier.create_pipeline(network) for network in NETWORKS}
    compare = comparison.create_pipeline(NETWORKS)
    return {
        "preparation": prepare,
        **{network: prepare + pipeline for network, pipeline in classify.items()},
        "comparison": compare,
        "convolution": prepare.to_outputs("test_images") + convolution.create_pipeline(CONVNETS),
        "prediction": prediction.create_pipeline(NETWORKS),
        "translation": prepare.to_outputs("test_images", "test_labels") + translation.create_pipeline(NETWORKS),
        **register_studies({}),
        "__default__": sum(classify.values(), prepare) + compare,
    }


def register_studies(trainings: Mapping[str, StudyTraining]) -> dict[str, Pipeline]:
    """The pipelines of the studies that train.

    Args:
        trainings: As `plan_trainings` returns them.
    """
    return {
        study: create_pipeline([name for name, training in trainings.items() if training.study == study])
        for study, create_pipeline in (("sample_size", sample_size.create_pipeline), ("seeds", seeds.create_pipeline))
    }
