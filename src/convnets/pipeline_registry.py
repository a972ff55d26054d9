"""The pipelines that `kedro run --pipelines` knows."""

import warnings

from kedro.pipeline import Pipeline

from convnets.parameters import NETWORKS
from convnets.pipelines import classifier, comparison, preparation


def register_pipelines() -> dict[str, Pipeline]:
    """Register preparation, one classifier per network, and comparison; the default is all of them.

    Returns:
        The pipelines by name. A network's pipeline prepares the data first, so that it runs from the raw files.
    """
    prepare = preparation.create_pipeline()
    classify = {network: classifier.create_pipeline(network) for network in NETWORKS}
    with warnings.catch_warnings():
        # Kedro takes `cnn.metrics`, which the comparison reads from the namespace of another pipeline, for a bad name.
        warnings.filterwarnings("ignore", "One or more dataset names contain '.' characters", UserWarning)
        compare = comparison.create_pipeline(NETWORKS)
    return {
        "preparation": prepare,
        **{network: prepare + pipeline for network, pipeline in classify.items()},
        "comparison": compare,
        "__default__": sum(classify.values(), prepare) + compare,
    }
