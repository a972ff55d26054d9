"""Does a convnet recognize a pattern anywhere? The trained networks on test images that are shifted."""

from convnets.pipelines.translation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
