"""The figure of the study of sample sizes."""

import numpy as np
import pandas as pd
import pytest

from convnets.parameters import NETWORKS, Dataset
from convnets.pipelines.sample_size.figures import plot_sample_sizes
from convnets.pipelines.training.nodes import summarize_trainings


def test_every_training_is_drawn_with_means_on_logarithmic_axes(mnist: Dataset) -> None:
    trainings = pd.DataFrame(
        [
            {"network": network, "samples": samples, "seed": seed, "test_accuracy": 0.7 + samples / 5_000 + seed / 100}
            for network in NETWORKS
            for samples in (100, 1_000)
            for seed in (1, 2)
        ]
    )
    figure = plot_sample_sizes(trainings, summarize_trainings(trainings), mnist)
    accuracy, errors = figure.axes
    assert accuracy.get_xscale() == errors.get_xscale() == errors.get_yscale() == "log"
    heights = [np.asarray(line.get_ydata()) for line in accuracy.lines]
    assert [sorted(values) for values in heights if len(values) == 4] == [pytest.approx([0.73, 0.74, 0.91, 0.92])] * 3
    legend = accuracy.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        f"{network}: mean, 95 % interval" for network in NETWORKS
    ]
    assert [text.get_text() for text in accuracy.get_xticklabels()] == ["100", "1,000"]
