"""Build, train and evaluate a network: one pipeline, instantiated for each of them."""

from convnets.pipelines.classifier.pipeline import SHARED_PARAMETERS, create_pipeline, wire

__all__ = ["SHARED_PARAMETERS", "create_pipeline", "wire"]
