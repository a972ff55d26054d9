"""Does a convnet recognize a pattern anywhere? The trained networks are evaluated on shifted test images."""

from convnets.pipelines.translation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
