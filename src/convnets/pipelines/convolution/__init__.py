"""How convolution works, and what the convnets have learned: pictures and tables that the real layers compute."""

from convnets.pipelines.convolution.pipeline import create_pipeline

__all__ = ["create_pipeline"]
