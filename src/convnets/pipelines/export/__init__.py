"""Write the trained networks in the formats of other programs: ONNX and LiteRT."""

from convnets.pipelines.export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
