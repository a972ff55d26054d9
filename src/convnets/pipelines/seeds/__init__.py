"""How much of a network's accuracy is luck? Training runs that differ only in their seed."""

from convnets.pipelines.seeds.pipeline import create_pipeline

__all__ = ["create_pipeline"]
