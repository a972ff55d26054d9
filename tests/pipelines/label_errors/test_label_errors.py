"""Doubtful labels: whose images they are, the tables held against known numbers, and what the figure shows."""

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import binomtest

from convnets.figures import network_colour
from convnets.harness.messages import ParameterError
from convnets.parameters import Dataset
from convnets.pipelines.label_errors import figures, nodes
from convnets.showing_parameters import LabelErrors
from support import ROOT

# Of the fifteen images, by the original labels of the label-errors project: what MNIST's file must say of them.
LABELS_OF_THE_FIFTEEN = {
    **{947: 8, 1621: 0, 1901: 9, 2130: 4, 2462: 2, 2597: 5, 2654: 6, 3520: 6},
    **{3558: 5, 5937: 5, 6651: 0, 6783: 1, 8527: 4, 9679: 6, 9729: 5},
}
TWO = LabelErrors(images=(3, 1))


def predictions_of(predicted: list[int], probability: float) -> pd.DataFrame:
    """Of four images labelled 0 to 3: what is answered with this probability; the rest of it goes to class 9."""
    table = pd.DataFrame(0.0, index=range(4), columns=[f"p{label}" for label in range(10)])
    table["p9"] = 1 - probability
    for row, answer in enumerate(predicted):
        table.loc[row, f"p{answer}"] = probability
    table.insert(0, "label", [0, 1, 2, 3])
    table.insert(1, "predicted", predicted)
    return table


FCN, CNN = predictions_of([0, 7, 8, 3], 0.75), predictions_of([0, 1, 2, 3], 0.625)


@pytest.fixture
def fifteen() -> LabelErrors:
    parameters = yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text())
    return LabelErrors.model_validate(parameters["label_errors"])


def test_the_numbers_count_the_images_as_mnist_does(fifteen: LabelErrors, raw_test_labels: np.ndarray) -> None:
    assert {image: int(raw_test_labels[image]) for image in fifteen.images} == LABELS_OF_THE_FIFTEEN


def test_each_answer_is_listed_with_its_probabilities(mnist: Dataset) -> None:
    answers = nodes.list_answers(TWO, mnist, fcn=FCN, cnn=CNN)
    assert answers.to_dict("records") == [
        dict(zip(nodes.ANSWERS, row, strict=True))
        for row in (
            (1, "1", "fcn", "7", False, 0.0, 0.75),
            (1, "1", "cnn", "1", True, 0.625, 0.625),
            (3, "3", "fcn", "3", True, 0.75, 0.75),
            (3, "3", "cnn", "3", True, 0.625, 0.625),
        )
    ]


def test_the_ceiling_is_the_share_of_labels_that_are_not_in_doubt() -> None:
    fcn, cnn = nodes.measure_ceiling(TWO, fcn=FCN, cnn=CNN).to_dict("records")
    assert (fcn["network"], fcn["test_images"], fcn["doubtful_images"], fcn["sure_accuracy"]) == ("fcn", 4, 2, 0.5)
    assert (fcn["errors"], fcn["errors_on_doubtful"]) == (2, 1)
    assert (fcn["test_accuracy"], fcn["accuracy_without_doubtful"]) == (0.5, 0.5)
    interval = binomtest(1, 2).proportion_ci(0.95, method="wilson")
    assert (fcn["accuracy_without_doubtful_low"], fcn["accuracy_without_doubtful_high"]) == pytest.approx(
        (interval.low, interval.high)
    )
    assert (cnn["errors"], cnn["errors_on_doubtful"], cnn["accuracy_without_doubtful"]) == (0, 0, 1.0)


@pytest.mark.parametrize("images", [None, [], ()])
def test_of_other_data_no_label_need_be_in_doubt(images: list[int] | None, mnist: Dataset) -> None:
    none = LabelErrors.model_validate({"images": images})
    assert none.images == ()
    answers, ceiling = nodes.list_answers(none, mnist, fcn=FCN), nodes.measure_ceiling(none, fcn=FCN)
    assert (list(answers.columns), len(answers)) == (nodes.ANSWERS, 0)
    assert ceiling["accuracy_without_doubtful"].tolist() == ceiling["test_accuracy"].tolist() == [0.5]
    assert ceiling["sure_accuracy"].tolist() == [1.0]
    figure = figures.plot_doubtful(np.zeros((4, 28, 28), np.uint8), answers, ceiling, mnist)
    assert [text.get_text() for text in figure.texts][-1] == "no such image"


def test_an_image_that_is_not_there_is_refused() -> None:
    message = r"label_errors\.images has 3; allowed: null, or numbers of test images, 0 to 2"
    with pytest.raises(ParameterError, match=message):
        nodes.choose_doubtful(3, TWO)


def test_the_figure_shows_label_and_answers(raw_test_images: np.ndarray, mnist: Dataset) -> None:
    answers = nodes.list_answers(TWO, mnist, fcn=FCN, cnn=CNN)
    figure = figures.plot_doubtful(raw_test_images, answers, nodes.measure_ceiling(TWO, fcn=FCN, cnn=CNN), mnist)
    pictures = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in pictures] == ["label 1", "label 3"]
    for axes, image in zip(pictures, (1, 3), strict=True):
        assert (np.asarray(axes.images[0].get_array()) == raw_test_images[image]).all()
    texts = [text for axes in figure.axes for text in axes.texts]
    assert [text.get_text() for text in texts] == ["7 (0.75) ✗", "1 (0.62)", "3 (0.75)", "3 (0.62)"]
    assert [text.get_color() for text in texts] == [network_colour(network) for network in ("fcn", "cnn")] * 2
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "fcn: 1 of its 2 errors are here",
        "cnn: 0 of its 0 errors are here",
    ]
    assert "50.00% of the test images" in legend.get_title().get_text()
