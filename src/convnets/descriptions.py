"""What the pages of runs and models in MLflow say, in Markdown: what came out, and how a model is called."""

from collections.abc import Mapping, Sequence
from typing import Any

from convnets.pipelines.report.formats import count, p_value, percent, percent_range, settings

TRAINED_WITH = ("epochs", "optimizer", "learning_rate", "batch_size")


def describe_network(metrics: Mapping[str, float], parameters: Mapping[str, Any]) -> str:
    """The result of a network as a table, and where it went wrong as a figure.

    Args:
        metrics: As `evaluate` returns them; of a run that ends before them none, or some.
        parameters: Nested: `training`, `seed`, `precision` and `dataset`.
    """
    if "wrong_images" not in metrics:
        return "The network was not evaluated in this run."
    training = parameters["training"]
    chosen = {name: training[name] for name in TRAINED_WITH if training.get(name) is not None}
    images = parameters["dataset"]["train_samples"]
    rows = {
        "test accuracy": percent(metrics["test_accuracy"]),
        "95 % interval": percent_range(metrics["test_accuracy_low"], metrics["test_accuracy_high"]),
        "wrong test images": count(metrics["wrong_images"]),
        "parameters": count(metrics["parameters"]),
        "training": f"{metrics['fit_seconds']:.1f} s",
        "trained with": settings(chosen | {"seed": parameters["seed"], "precision": parameters["precision"]}),
        "training images": "all" if images is None else count(images),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"| result | |\n| --- | --- |\n{table}\n\n![Which digit was taken for which](artifact:confusion_matrix.png)\n"
    )


def describe_comparison(metrics: Mapping[str, float]) -> str:
    """The wrong images of each network, the tests of each pair, and the accuracies as a figure.

    Args:
        metrics: `wrong_images/<network>`, `test_accuracy/<network>`, and of each pair `only_network_right/<pair>`,
            `only_other_right/<pair>` and `p_value_holm/<pair>`.
    """
    networks = _named(metrics, "wrong_images")
    results = "\n".join(
        f"| {name} | {count(wrong)} | {percent(metrics[f'test_accuracy/{name}'])} |" for name, wrong in networks.items()
    )
    tests = "\n".join(
        f"| {pair.replace('-', ' | ')} | {count(metrics[f'only_network_right/{pair}'])} "
        f"| {count(metrics[f'only_other_right/{pair}'])} | {p_value(p)} |"
        for pair, p in _named(metrics, "p_value_holm").items()
    )
    return (
        f"| network | wrong test images | test accuracy |\n| --- | ---: | ---: |\n{results}\n\n"
        "McNemar's exact test of each pair, p-values by Holm's method:\n\n"
        "| first | second | only first right | only second right | p |\n| --- | --- | ---: | ---: | ---: |\n"
        f"{tests}\n\n![Test accuracies](artifact:test_accuracies.png)\n"
    )


def _named(metrics: Mapping[str, float], metric: str) -> dict[str, float]:
    beginning = f"{metric}/"
    return {name.removeprefix(beginning): value for name, value in metrics.items() if name.startswith(beginning)}


def describe_use(class_names: Sequence[str]) -> str:
    """What a network takes and gives.

    Args:
        class_names: In the order of the probabilities.
    """
    return (
        "Takes images in the format of the training images, as numbers from 0 (background) to 1 (ink), and gives "
        f"for each the {len(class_names)} probabilities of {', '.join(class_names)}."
    )
