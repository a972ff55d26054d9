"""What the tests of the playground share: networks trained for a few seconds, their page, V8, and a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml
from filelock import FileLock
from playwright.sync_api import sync_playwright
from py_mini_racer import MiniRacer

from convnets.network_parameters import Network
from convnets.networks import build_network
from convnets.parameters import Dataset
from convnets.pipelines.playground.bundle import ENGINE, bundle
from convnets.pipelines.playground.nodes import make_page
from convnets.showing_parameters import Convolution
from convnets.significance import wilson_interval
from support import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY_MILLISECONDS = 20_000
TRAINED = {  # images and epochs: enough for an accuracy of 95 % and more, but for the last, which takes long
    "fcn": (6000, 5),
    "cnn": (6000, 3),
    "cnn_no_pool": (1280, 1),
}
ON_PAGE = ("fcn", "cnn")


def parameters() -> dict[str, Any]:
    """The parameters of the lecture."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text())
    return values


def scaled(images: np.ndarray) -> np.ndarray:
    """Pixels from 0 to 1, float32."""
    return images.astype(np.float32) / 255


def train(name: str, images: np.ndarray, labels: np.ndarray) -> keras.Model:
    """Train one of the lecture's networks for seconds."""
    block = parameters()[name]
    samples, epochs = TRAINED[name]
    shape = (784,) if name == "fcn" else (28, 28, 1)
    model = build_network(Network(**block["network"]), shape, 10, seed=1)
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    keras.utils.set_random_seed(1)
    inputs = scaled(images[:samples]).reshape(-1, *shape)
    model.fit(inputs, labels[:samples], batch_size=block["training"]["batch_size"], epochs=epochs, verbose=0)
    return model


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A folder that all processes of the tests share."""
    folder = tmp_path_factory.getbasetemp().parent / f"playground-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def trained_network(shared_folder: Path, request: pytest.FixtureRequest) -> Callable[[str], keras.Model]:
    """Give a network, trained once for all tests."""
    loaded: dict[str, keras.Model] = {}

    def give(name: str) -> keras.Model:
        if name not in loaded:
            path = shared_folder / f"{name}.keras"
            with FileLock(f"{path}.lock"):
                if not path.exists():
                    model = train(name, *map(request.getfixturevalue, ("raw_train_images", "raw_train_labels")))
                    model.save(path)
                loaded[name] = keras.models.load_model(path)
        return loaded[name]

    return give


@pytest.fixture(scope="session")
def page_text(
    trained_network: Callable[[str], keras.Model], raw_test_images: np.ndarray, raw_test_labels: np.ndarray
) -> str:
    """The page of the networks `fcn` and `cnn`."""
    results: dict[str, Any] = {}
    for name in ON_PAGE:
        model = trained_network(name)
        inputs = scaled(raw_test_images[:1000]).reshape(-1, *model.input_shape[1:])
        right = int((model.predict(inputs, verbose=0).argmax(axis=1) == raw_test_labels[:1000]).sum())
        low, high = wilson_interval(right, 1000)
        metrics = {"test_accuracy": right / 1000, "test_accuracy_low": low, "test_accuracy_high": high}
        results |= {name: model, f"{name}_metrics": metrics}
    return make_page(
        scaled(raw_test_images),
        raw_test_labels,
        Dataset(**parameters()["dataset"] | {"folder": "data"}),
        Convolution(**parameters()["convolution"]),
        **results,
    )


@pytest.fixture(scope="session")
def page_file(page_text: str, shared_folder: Path, worker_id: str) -> Path:
    path = shared_folder / f"playground-{worker_id}.html"
    path.write_text(page_text)
    return path


@pytest.fixture(scope="session")
def engine() -> MiniRacer:
    """V8 with the modules that run the networks."""
    v8 = MiniRacer()
    v8.eval(bundle(ENGINE))
    return v8


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of the system, without a window."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"No browser to test the page in: install one of {', '.join(BROWSERS)} (apt-get install chromium).")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Any, page_file: Path) -> Iterator[Callable[..., Any]]:
    """Open the page, and wait until it is ready; it may neither ask for anything nor complain."""
    complaints: list[str] = []
    contexts = []

    def watch(page: Any) -> None:
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: asked(request.url))

    def asked(url: str) -> None:
        if not url.startswith(("file:", "blob:", "data:")) or (url.startswith("file:") and ".html" not in url):
            complaints.append(f"request: {url}")

    def open_it(fragment: str = "", path: Path = page_file, **options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 720}} | options))
        page = contexts[-1].new_page()
        watch(page)
        page.goto(f"{path.as_uri()}#{fragment}")
        page.wait_for_selector("html[data-ready]", state="attached", timeout=READY_MILLISECONDS)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
