"""How networks read corrupted test images, how sure they are of it, and what temperature and ensembles change."""

from convnets.pipelines.robustness.pipeline import create_pipeline

__all__ = ["create_pipeline"]
