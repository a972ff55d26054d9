"""Tests between networks trained with the same seeds."""

from itertools import combinations

import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from convnets.pipelines.training.nodes import CONFIDENCE


def compare_over_seeds(trainings: pd.DataFrame) -> pd.DataFrame:
    """Test for each pair of networks whether their mean accuracies differ, with the paired t-test over seeds.

    With the same seed both networks see the same images in the same order; pairing removes this common effect. The
    p-values of all pairs are adjusted by Holm's method. The effect size is Cohen's d of paired samples, the mean
    difference in standard deviations of the differences.

    Sources: Student, "The Probable Error of a Mean", Biometrika 1908; J. Cohen, "Statistical Power Analysis for the
    Behavioral Sciences", 1988 (there d_z); S. Holm, "A simple sequentially rejective multiple test procedure", Scand.
    J. Statist. 1979.

    Args:
        trainings: As `gather_reports` returns them; each network with the same seeds.

    Returns:
        A row for each pair: `network`, `other`, `seeds`, `difference` of the mean test accuracies with its 95 %
        interval `difference_low` and `difference_high`, `t`, `p_value`, `p_value_holm`, `effect_size`.
    """
    accuracies = trainings.pivot_table(index="seed", columns="network", values="test_accuracy", sort=False)
    rows = []
    for network, other in combinations(accuracies.columns, 2):
        test = stats.ttest_rel(accuracies[network], accuracies[other])
        interval = test.confidence_interval(CONFIDENCE)
        differences = accuracies[network] - accuracies[other]
        rows.append(
            {
                "network": network,
                "other": other,
                "seeds": len(differences),
                "difference": differences.mean(),
                "difference_low": interval.low,
                "difference_high": interval.high,
                "t": test.statistic,
                "p_value": test.pvalue,
                "effect_size": differences.mean() / differences.std(),
            }
        )
    tests = pd.DataFrame(rows)
    tests.insert(len(tests.columns) - 1, "p_value_holm", multipletests(tests["p_value"], method="holm")[1])
    return tests
