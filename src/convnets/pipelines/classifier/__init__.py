"""Build, train and evaluate a network: one pipeline, instantiated for each of them."""

from convnets.pipelines.classifier.pipeline import create_pipeline

__all__ = ["create_pipeline"]
