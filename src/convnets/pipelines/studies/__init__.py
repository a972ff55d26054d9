"""Studies: many trainings that differ in one thing or a few, as `parameters.yml` asks for them."""

from convnets.pipelines.studies.pipeline import create_pipeline

__all__ = ["create_pipeline"]
