"""What test labels that are in doubt do to the networks' scores, and which accuracy no network can be sure to pass."""

from convnets.pipelines.label_errors.pipeline import create_pipeline

__all__ = ["create_pipeline"]
