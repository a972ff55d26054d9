"""What a run has found, on one page that can be read, printed and handed on."""

from convnets.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
