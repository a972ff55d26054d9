"""Does a convnet need fewer samples? Networks that learned from few images and from many."""

from convnets.pipelines.sample_size.pipeline import create_pipeline

__all__ = ["create_pipeline"]
