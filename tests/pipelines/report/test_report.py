"""The report: that it says what the numbers say, marks what is stale, shows names as text and asks for nothing."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from convnets.datasets.figure import FigureDataset
from convnets.datasets.study_results import StudyResult
from convnets.figures import DPI, draw_image, new_figure
from convnets.harness.messages import DataError
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier.evaluation import score_classes
from convnets.pipelines.classifier.mistakes import find_mistakes, plot_mistakes
from convnets.pipelines.comparison.nodes import compare, compare_pairs
from convnets.pipelines.report import formats, nodes
from convnets.pipelines.report.findings import summarize
from convnets.pipelines.report.rendering import BEGIN, END, section_of, source_of
from convnets.pipelines.report.texts import COMPARISON_FIGURES, NETWORK_FIGURES
from convnets.significance import wilson_interval
from convnets.training_parameters import Augmentation, Training
from convnets.vectors import vectors_of

SIZE = 400
ERRS = {"fcn": range(60), "cnn": range(50, 60)}  # of each network, the test images that it gets wrong
HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- end of section -->",
    "&lt;b&gt;",
    '" onload="alert(1)',
    "{{ style }}",
    "{% raw %}",
    "Ünïcödé 七",
    "'; alert(1); '",
    "<img src=x>",
    "</main>",
)
TRAINING = Training(
    epochs=5,
    batch_size=64,
    optimizer="rmsprop",
    loss="sparse_categorical_crossentropy",
    validation_split=0,
    augmentation=Augmentation(shift=2),
)
RECORD = {
    "seed": 1,
    "train_samples": 60_000,
    "test_samples": SIZE,
    "epochs": 5,
    "optimizer": "rmsprop",
    "learning_rate": None,
    "batch_size": 64,
    "precision": "float32",
    "mlflow_run": "0123456789abcdef",
}


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all tags of a name."""
        return [attributes for found, attributes in self.tags if found == tag]


def dataset(names: tuple[str, ...] = tuple("0123456789"), name: str = "MNIST") -> Dataset:
    return Dataset(name=name, folder="data", class_names=names, train_samples=None, test_samples=None)


def predictions_of(network: str) -> pd.DataFrame:
    labels = np.arange(SIZE) % 10
    predicted = np.where(np.isin(np.arange(SIZE), list(ERRS[network])), (labels + 1) % 10, labels)
    sureness = 0.5 + np.arange(SIZE) / SIZE / 2
    table = pd.DataFrame(0.0, index=range(SIZE), columns=[f"p{label}" for label in range(10)])
    for row, (answer, probability) in enumerate(zip(predicted, sureness, strict=True)):
        table.loc[row, f"p{answer}"] = probability
    table.insert(0, "label", labels)
    table.insert(1, "predicted", predicted)
    return table


def metrics_of(network: str) -> dict[str, Any]:
    right = SIZE - len(ERRS[network])
    low, high = wilson_interval(right, SIZE)
    return {
        "parameters": 104_202,
        "test_loss": 0.1 + 0.2,  # which has no short decimal form
        "test_accuracy": right / SIZE,
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "wrong_images": SIZE - right,
        "expected_calibration_error": 0.0123,
        "fit_seconds": 22.123456789012345,
        "fit_images_per_second": 6000 / 7,
        "predict_images_per_second": 20_000 / 3,
        "model_bytes": 872_325,
        "lecture_accuracy": None if network == "fcn" else 0.991,
    }


PREDICTIONS = {network: predictions_of(network) for network in ERRS}
METRICS = {network: metrics_of(network) for network in ERRS}


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def read_again(table: pd.DataFrame) -> pd.DataFrame:
    """A table as its file holds it."""
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


TABLE = read_again(compare(**{network: RECORD | {"metrics": METRICS[network], "history": []} for network in ERRS}))
TESTS = read_again(compare_pairs(**PREDICTIONS))


@pytest.fixture(scope="module")
def png(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    stored = FigureDataset(filepath=str(tmp_path_factory.mktemp("figure") / "a.png"))
    figure = new_figure("A figure", width=6, height=3)
    draw_image(figure.subplots(), np.eye(28))
    stored.save(figure)
    return stored.load()


def network_page(png: bytes, network: str = "fcn", data: Dataset | None = None) -> str:
    data = data or dataset()
    layers = pd.DataFrame({"layer": ["dense"], "type": ["Dense"], "output_shape": [10], "parameters": [5130]})
    return nodes.make_network_report(
        network=Network.model_validate({"name": network, "architecture": "fully_connected", "units": 3}),
        training=TRAINING,
        dataset=data,
        metrics=METRICS[network],
        record=RECORD,
        summary="Total params: 5,130",
        layers=layers,
        per_class=score_classes(PREDICTIONS[network], data),
        playground="<html>" + " " * 1_234_000,
        **dict.fromkeys(NETWORK_FIGURES, png),
    )


Make = Callable[..., str]


@pytest.fixture(scope="module")
def make(png: bytes) -> Make:
    def make_it(data: Dataset | None = None, **changed: Any) -> str:
        data = data or dataset()
        counts = pd.DataFrame({"class": data.class_names, "train_samples": 6000, "test_samples": SIZE // 10})
        results: dict[str, Any] = dict.fromkeys(COMPARISON_FIGURES, png)
        results |= {f"{network}_report": network_page(png, network, data) for network in METRICS}
        on_data = nodes.make_data_report(counts, png, data)
        given = {"table": TABLE, "tests": TESTS, "data": on_data, "outdated_inputs": None, "studies": {}}
        return plain(nodes.make_report(dataset=data, **given | results | changed))

    return make_it


def test_no_name_becomes_markup(make: Make, png: bytes) -> None:
    hostile = dataset(HOSTILE, name=HOSTILE[0])
    for ordinary, suspect in ((make(), make(hostile)), (network_page(png), network_page(png, data=hostile))):
        assert [tag for tag, _ in Page(suspect).tags] == [tag for tag, _ in Page(ordinary).tags]
        text = Page(suspect).text
        assert [name for name in HOSTILE if name not in text] == []


def test_the_question_names_the_training_images_if_all_networks_have_as_many(make: Make) -> None:
    assert "learn from the same 60,000 training images." in Page(make()).text
    other = TABLE.assign(train_samples=[60_000, 1_000])
    assert "learn from training images." in Page(make(table=other)).text


def test_a_page_asks_for_nothing_and_runs_nothing(make: Make, png: bytes) -> None:
    for text in (make(), network_page(png)):
        page = Page(text)
        assert re.findall(r"https?://[^\s\"'`]*|url\(|@import", text) == []
        assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "embed", "form"})
        assert all(str(image["src"]).startswith("data:image/svg+xml;base64,") for image in page.all("img"))
        assert all(str(link["href"]).startswith("#") for link in page.all("a"))
        (policy,) = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
        (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'" in str(policy)
        assert not any("style" in attributes for _, attributes in page.tags)  # which the policy forbids


def test_a_page_can_be_followed_without_seeing_it(make: Make, png: bytes) -> None:
    for text in (make(), network_page(png)):
        page = Page(text)
        assert page.all("html") == [{"lang": "en"}]
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {str(link["href"]).removeprefix("#") for link in page.all("a")} <= set(ids)
        assert all(image["alt"] and image["width"] == "576" and image["height"] == "288" for image in page.all("img"))
        captions = re.findall("<figcaption>(.*?)</figcaption>", text, re.DOTALL)
        assert len(captions) == len(page.all("img")) == len(page.all("figure"))
        assert all(caption.strip().endswith(".") for caption in captions)
        assert len(page.all("caption")) == len(page.all("table"))
        assert all("scope" in heading for heading in page.all("th"))


def test_each_network_has_a_section_with_its_numbers(make: Make) -> None:
    text = make()
    sections = dict(re.findall('<section class="network" id="network-(.*?)">(.*?)</section>', text, re.DOTALL))
    assert sections.keys() == METRICS.keys()
    for network, section in sections.items():
        mistakes = len(ERRS[network])
        assert f"{100 - 100 * mistakes / SIZE:.2f} % of 400 test images of MNIST right" in section
        assert f"{mistakes} mistakes." in section
        assert ("The lecture reports 99.10 %." in section) == (network == "cnn")
        assert section.count("<img") == len(NETWORK_FIGURES)
        assert "0123456789abcdef" in section
        assert "architecture fully_connected; units 3" in section
        assert "epochs 5; batch_size 64; optimizer rmsprop; augmentation.shift 2" in section
        assert re.search(r"Python 3\.\d+.*, keras 3\.\d+.*, tensorflow 2\.\d+", section)


def test_the_table_has_accuracy_and_error_with_their_intervals(make: Make) -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", make().partition('id="results"')[2].partition("</table>")[0], re.DOTALL)
    fcn, cnn = ([cell.split() for cell in re.findall("<td.*?>(.*?)</td>", row)] for row in rows[1:])
    said = re.sub(r"<.*?>", " ", " ".join(" ".join(cell) for cell in fcn))
    low, high = (100 * bound for bound in wilson_interval(340, 400))
    assert (
        said.split()
        == (
            f"85.00 % {low:.2f} to {high:.2f} % 15.00 % {100 - high:.2f} to {100 - low:.2f} % 60 - 104,202 22.1 s"
        ).split()
    )
    assert cnn[-3] == ["99.10", "%"]


def test_it_says_which_network_is_best_and_whether_that_is_shown() -> None:
    best, against = map(plain, summarize(TABLE, TESTS))
    assert best.startswith("cnn is right most often: on 97.50 % of the test images (95 % interval 95.")
    assert against == (
        "cnn alone is right on 50 images, fcn alone on 0: the difference is significant (McNemar's test, p < 0.0001)."
    )
    equal = compare_pairs(fcn=PREDICTIONS["fcn"], cnn=PREDICTIONS["fcn"])
    assert summarize(TABLE, equal)[1].endswith(
        "fcn alone on 0: the difference is not significant (McNemar's test, p = 1)."
    )


def test_results_that_belong_together_are_not_marked(make: Make) -> None:
    page = make(outdated_inputs={})
    assert 'class="stale' not in page
    assert 'class="outdated"' not in page


def test_a_comparison_of_other_results_is_marked_wherever_it_is_shown(make: Make) -> None:
    page = make(outdated_inputs={"comparison": "comparison was made otherwise: the results of cnn have changed"})
    (marked,) = re.findall('<div class="outdated">(.*?)</div>\n\n<div>', page, re.DOTALL)  # which the style marks
    assert page.count('class="outdated"') == 1
    assert marked.count("<figcaption>") == len(COMPARISON_FIGURES)
    assert 'id="settings"' in marked


def test_what_was_made_otherwise_is_marked_with_what_mends_it(make: Make) -> None:
    sentence = "fcn was made otherwise: seed was 1 and is <2>; make it again: kedro run --pipeline=fcn"
    page = make(outdated_inputs={"fcn": sentence})
    assert page.count(sentence.replace("<2>", "&lt;2&gt;")) == 2  # at the beginning, and at the network
    assert page.count('<div class="outdated">') == 1


def test_studies_that_were_run_are_shown_with_question_table_and_command(make: Make, png: bytes) -> None:
    assert Page(make()).text.count("Studies that were run") == 0
    means = pd.DataFrame({"network": ["fcn", "cnn"], "trainings": [5, 5], "test_accuracy": [0.97812, np.nan]})
    studies = {
        "mine": StudyResult(png, pd.concat([means] * 21), "mine.csv", "2026-01-02 03:04 UTC"),
        "seeds": StudyResult(png, means, "seeds/mean_accuracies.csv", "2026-01-02 03:04 UTC"),
    }
    sentence = "seeds was made otherwise: cnn.training.epochs was 5 and is 6"
    html = make(studies=studies, outdated_inputs={"seeds": sentence})
    assert '<section id="study-seeds" class="outdated">' in html
    page = Page(html)
    _, _, text = page.text.partition("Studies that were run")
    assert text.index("By how much do results differ from seed to seed?") < text.index("that the block mine")
    for said in ("0.9781", "kedro run --pipeline=seeds", sentence, "mine.csv", "42 rows"):
        assert said in text
    assert "nan" not in text


def test_a_page_without_a_section_is_refused() -> None:
    for page in ("", "<html></html>", f"x{BEGIN}y", f"x{END}y"):
        with pytest.raises(DataError, match=r"cnn\.report has no section; allowed: a page as the pipeline makes it"):
            section_of(page, "cnn.report")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.percent(0.98765), "98.77 %"),
        (formats.percent_range(0.1, 0.20004), "10.00 to 20.00 %"),
        (formats.count(1234.6), "1,235"),
        (formats.p_value(0.0123), "0.012"),
        (formats.p_value(1e-9), "< 0.0001"),
        (formats.p_value(1.0), "1"),
        (formats.enumeration(["fcn", "cnn", "cnn_no_pool"]), "fcn, cnn and cnn_no_pool"),
        (formats.enumeration(["cnn"]), "cnn"),
        (formats.settings({"filters": [32, 64], "pool_size": None}), "filters 32, 64; pool_size null"),
        (formats.settings({"epochs": 5, "augmentation": {"shift": 2}}), "epochs 5; augmentation.shift 2"),
        (formats.or_none(None, "none"), "none"),
        (formats.or_none(float("nan"), "none"), "none"),
        (formats.or_none(0.001, "none"), "0.001"),
        (formats.or_none("a1b2", "none"), "a1b2"),
    ],
)
def test_numbers_are_written_to_be_read(written: str, expected: str) -> None:
    assert plain(written) == expected


def test_the_surest_mistakes_come_first(mnist: Dataset) -> None:
    mistakes = find_mistakes(PREDICTIONS["cnn"], mnist)
    assert mistakes["image"].tolist() == list(range(59, 49, -1))
    assert mistakes.iloc[0].to_dict() == {"image": 59, "label": "9", "predicted": "0", "probability": 0.57375}
    network = Network.model_validate({"name": "cnn", "architecture": "fully_connected", "units": 3})
    figure = plot_mistakes(np.zeros((SIZE, 28, 28), np.float32), mistakes, network, mnist)
    assert figure.get_suptitle() == "cnn errs on 10 of 400 test images of MNIST: the surest mistakes"
    assert figure.axes[0].get_title() == "label 9 (no. 59)"
    none = plot_mistakes(np.zeros((SIZE, 28, 28), np.float32), mistakes.head(0), network, mnist)
    assert none.texts[-1].get_text() == "no such image"


def test_a_figure_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    stored = FigureDataset(filepath=str(tmp_path / "a.png"))
    with pytest.raises(DatasetError, match=r"a\.png"):
        stored.load()
    stored.save(new_figure("A figure"))
    first = (tmp_path / "a.png").read_bytes()
    assert stored.load() == first
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (8 * DPI, 5 * DPI)
    stored.save(new_figure("A figure"))
    assert stored.load() == first


def test_a_figure_is_shown_as_vectors_if_its_file_has_them(png: bytes) -> None:
    kind, _, svg = source_of(png).partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert b"<svg " in base64.b64decode(svg)
    file = io.BytesIO()
    new_figure("A figure").savefig(file, format="png")  # as another program writes it
    assert vectors_of(file.getvalue()) is None
    assert source_of(file.getvalue()) == f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def test_it_fits_a_phone_in_light_and_in_dark(browser: Any, make: Make, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(make(outdated_inputs={"fcn": "fcn was made otherwise: " + "x" * 200}), encoding="utf-8")
    colours = []
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message, said=complaints: said.append(message.text))
        page.on("request", lambda request, said=complaints: said.append(request.url[:40]))
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth === 576)")
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert [said for said in complaints if not said.startswith(("data:image/", path.as_uri()[:40]))] == []
        context.close()
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]
