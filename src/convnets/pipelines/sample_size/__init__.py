"""Does a convnet need fewer samples? Networks trained on few images and on many."""

from convnets.pipelines.sample_size.pipeline import create_pipeline

__all__ = ["create_pipeline"]
