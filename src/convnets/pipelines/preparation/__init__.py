"""From the raw files to images that a network can learn from; shared by all networks."""

from convnets.pipelines.preparation.pipeline import create_pipeline, wire

__all__ = ["create_pipeline", "wire"]
