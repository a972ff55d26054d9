"""The checks of `notebooks/exercises.ipynb`: each takes a student's answer and says what is right or where to look."""

from convnets.exercises.answers import Feedback
from convnets.exercises.by_hand import (
    check_confusions,
    check_max_pooling,
    check_output_shape,
    check_parameters,
    check_receptive_fields,
    check_response_map,
    check_softmax,
)
from convnets.exercises.trained import check_better, check_cured, check_shift

__all__ = [
    "Feedback",
    "check_better",
    "check_confusions",
    "check_cured",
    "check_max_pooling",
    "check_output_shape",
    "check_parameters",
    "check_receptive_fields",
    "check_response_map",
    "check_shift",
    "check_softmax",
]
