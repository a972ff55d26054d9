"""What a study measures of a network whose images are shifted: its answers, and the output of each layer."""

from convnets.pipelines.invariance.pipeline import wire_analysis, wire_measures

__all__ = ["wire_analysis", "wire_measures"]
