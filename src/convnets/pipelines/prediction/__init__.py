"""Classify a user's own images with the trained networks."""

from convnets.pipelines.prediction.pipeline import create_pipeline

__all__ = ["create_pipeline"]
