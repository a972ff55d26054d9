"""Compare the networks on the same test images."""

from convnets.pipelines.comparison.pipeline import create_pipeline

__all__ = ["create_pipeline"]
