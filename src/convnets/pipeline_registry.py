"""The pipelines that `kedro run --pipelines` knows."""

from kedro.pipeline import Pipeline

from convnets.parameters import CONVNETS, NETWORKS
from convnets.pipelines import classifier, comparison, convolution, prediction, preparation


def register_pipelines() -> dict[str, Pipeline]:
    """Register preparation, a classifier per network and comparison, which make the default; convolution; prediction.

    Returns:
        The pipelines by name. A network's pipeline prepares the data first, so that it runs from the raw files;
        so does the convolution's.
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
        "__default__": sum(classify.values(), prepare) + compare,
    }
