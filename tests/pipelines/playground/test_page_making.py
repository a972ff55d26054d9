"""The page as a file: what Python puts into it, what it refuses, and that no name becomes markup."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import keras
import numpy as np
import pytest
from py_mini_racer import MiniRacer

from convnets.harness.messages import DataError
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.playground import nodes
from convnets.pipelines.playground.bundle import ENGINE, MAIN, WORKER, assemble, bundle
from convnets.showing_parameters import Convolution

METRICS: dict[str, float | None] = {"test_accuracy": 0.5, "test_accuracy_low": 0.4, "test_accuracy_high": 0.6}
CONVOLUTION = Convolution(image=0, kernels={"edge": [[-1, 0, 1]] * 3}, filters=(0,), images_of_a_filter=1)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "&lt;b&gt;",
    '" onload="alert(1)',
    "\u2028\u2029",
    "{{data}}",
    "\\u003c",
    "Ünïcödé 七",
    "'; alert(1); '",
    "]]>",
)
FCN = Network.model_validate({"name": "fcn", "architecture": "fully_connected", "units": 3})


class Tags(HTMLParser):
    """Collects the tags of a page, and the texts inside."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")
        self.inside = True

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        """Note that what follows is not in the tag noted last."""
        self.inside = False

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self.inside:
            self.texts[-1] += data


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def dataset(names: tuple[str, ...] = tuple("0123456789"), name: str = "MNIST") -> Dataset:
    return Dataset(name=name, folder="data", class_names=names, train_samples=None, test_samples=None)


def fcn(inputs: int = 784, units: int = 3, classes: int = 10) -> keras.Model:
    layers = [keras.Input((inputs,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(classes, "softmax")]
    return keras.Sequential(layers)


def make(data: Dataset | None = None, images: np.ndarray | None = None, **models: keras.Model) -> str:
    results: dict[str, Any] = models or {"fcn": fcn()}
    labels = np.arange(40, dtype=np.uint8) % 10
    images = np.zeros((40, 28, 28), np.float32) if images is None else images
    metrics = {f"{name}_metrics": METRICS for name in results}
    return nodes.make_page(images, labels, data or dataset(), CONVOLUTION, **results, **metrics)


def test_no_name_becomes_markup() -> None:
    ordinary, hostile = read(make()), read(make(dataset(HOSTILE, name=HOSTILE[0])))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in ordinary.tags]
    (data,) = (
        text
        for (_, attributes), text in zip(hostile.tags, hostile.texts, strict=True)
        if attributes.get("id") == "data"
    )
    assert json.loads(data)["classNames"] == [*HOSTILE]
    assert json.loads(data)["dataset"] == HOSTILE[0]


def test_the_policy_allows_the_scripts_and_the_style_of_the_page_and_nothing_else() -> None:
    page = read(make())
    (policy,) = (attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in str(policy).split("; "))
    assert rules.keys() == {
        *("default-src", "script-src", "style-src", "worker-src", "img-src", "connect-src", "base-uri", "form-action")
    }
    assert (rules["default-src"], rules["connect-src"], rules["worker-src"]) == ("'none'", "'none'", "blob:")
    executed = [
        text
        for (tag, attributes), text in zip(page.tags, page.texts, strict=True)
        if tag == "script" and "type" not in attributes
    ]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in executed]
    assert rules["script-src"] == " ".join(f"'sha256-{each}'" for each in hashes)
    assert "unsafe" not in str(policy)


def test_the_page_refers_to_nothing() -> None:
    page = make()
    assert re.findall(r"https?://[^\s\"'`]*", page) == []
    assert not re.search(r"\b(localStorage|sessionStorage|indexedDB|fetch|XMLHttpRequest|innerHTML|eval)\b", page)
    assert not re.search(
        r"^\s*(import|export)\b(?!\()", bundle(ENGINE) + bundle((MAIN,)) + bundle((WORKER,)), re.MULTILINE
    )


def test_the_scripts_of_the_page_can_be_read_together() -> None:
    v8 = MiniRacer()
    v8.eval(f"const readable = () => {{ {bundle(ENGINE)} {bundle((MAIN,), without=ENGINE)} }}; true")
    v8.eval(f"const worker = () => {{ {bundle(ENGINE)} {bundle((WORKER,), without=ENGINE)} }}; true")


def test_data_may_hold_what_the_template_holds() -> None:
    assert '"{{engine}}"' in assemble({"dataset": "{{engine}}"})


def test_test_images_of_all_classes_are_on_the_page(raw_test_labels: np.ndarray) -> None:
    chosen = nodes.choose_images(raw_test_labels)
    assert chosen[:3].tolist() == [0, 1, 2]
    assert np.bincount(raw_test_labels[chosen]).tolist() == [10] * 10
    assert nodes.choose_images(np.array([3, 3, 5], np.uint8)).tolist() == [0, 1, 2]


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "colours": (
        lambda: make(images=np.zeros((40, 32, 32, 3), np.float32)),
        "MNIST has images of 32 x 32 x 3 numbers, and in the playground one draws 28 x 28 grey pixels; allowed: ",
    ),
    "another network": (
        lambda: make(fcn=fcn(inputs=100)),
        "fcn.model takes images of 100 numbers and tells 10 classes apart; expected 28 x 28 and 10, as of MNIST",
    ),
    "other classes": (lambda: make(fcn=fcn(classes=3)), "fcn.model takes images of 784 numbers and tells 3 classes"),
    "too large": (
        lambda: make(fcn=fcn(), wide=fcn(units=2400)),
        r"The playground would be a file of [\d,]+ bytes, for of parameters fcn has 2,395, wide has 1,908,010; allowed",
    ),
}


@pytest.mark.parametrize(("make_it", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_shown_is_refused_in_a_sentence(make_it: Callable[[], str], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        make_it()


def test_a_network_that_cannot_be_shown_is_trained_all_the_same() -> None:
    labels = np.arange(40, dtype=np.uint8) % 10
    data = dataset(name="<b>")
    of_one: Any = (METRICS, np.zeros((40, 28, 28), np.float32), labels, FCN, data, CONVOLUTION)
    assert '"name":"fcn"' in nodes.make_page_of_network(fcn(), *of_one)
    refused = nodes.make_page_of_network(fcn(inputs=9), *of_one)
    assert "There is no playground of this network: fcn.model takes images of 9 numbers" in refused
    assert "as of &lt;b&gt;: train it again." in refused
