"""The lecture's two demonstrations, live, in one file: the trained networks run in the browser."""

from convnets.pipelines.playground.pipeline import create_pipeline

__all__ = ["create_pipeline"]
