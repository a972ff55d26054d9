"""One training run of a study, from the raw files to a row of its table; a study has many of them."""

from convnets.pipelines.training.pipeline import create_pipeline, create_study

__all__ = ["create_pipeline", "create_study"]
