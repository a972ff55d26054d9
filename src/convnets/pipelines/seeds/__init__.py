"""How much of a network's accuracy is luck? Trainings that differ in nothing but their seed."""

from convnets.pipelines.seeds.pipeline import create_pipeline

__all__ = ["create_pipeline"]
