"""Measures the project against its yardsticks, side by side, and rewrites the tables of `docs/performance.md`.

`make benchmark` measures all, `make benchmark NETWORK=cnn` one network anew; `benchmarks/results.json` keeps what was
measured. Nothing of the project's own results is touched: the runs have a configuration and a store of their own.
"""

import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from scipy import stats

from convnets.datasets.idx import IDXDataset
from convnets.harness.circumstances import processor
from convnets.precision import bfloat16_hardware, choose_policy

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: `make benchmark` writes what follows -->\n", "<!-- end of what was measured -->\n"

KEDRO = (sys.executable, "-m", "kedro")


class Record(NamedTuple):
    """What a network that is no part of the main job is to reach.

    Attributes:
        seeds: How many trainings there are, from seed 1 on.
        share: The share that is allowed of the seconds in which the lecture's script fits its cnn.
        accuracy: On the test images, per cent.
        whole_interval: Whether the whole 95 % interval of the mean is to be above that, or the mean alone.
    """

    seeds: int
    share: float
    accuracy: float
    whole_interval: bool

    @property
    def figure(self) -> str:
        """What is compared with `accuracy`."""
        return "lower end of its interval" if self.whole_interval else "mean"


ROUNDS = {"fcn": 5, "cnn": 5, "cnn_no_pool": 3}  # each with its own seed
HELP_ROUNDS = 9
GROWTH = (1, 2, 4)  # times 60,000 images
TARGETS = {"fcn": 0.45, "cnn": 0.5, "cnn_no_pool": 0.3}
WHOLE_TARGETS = {"fcn": 0.75, "cnn": 0.48}  # of the process, from its start to its end
TEST_SECONDS = 10  # of `kedro run --env test`
TEST_ROUNDS = 5
DIGITS = 4  # of a figure in the table of ratios
RECORDS = {  # beside the lecture's cnn
    "record": Record(seeds=30, share=0.05, accuracy=99.0, whole_interval=True),
    "accurate": Record(seeds=5, share=1.0, accuracy=99.5, whole_interval=False),
}
LECTURE_EVERY = 10  # rounds of a record: thirty of the lecture's script would take half an hour
FLOAT32_TARGETS = {"fcn": 0.6, "cnn": 1.0, "cnn_no_pool": 1.0}
SILENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "DO_NOT_TRACK": "true", "MLFLOW_TRACKING_URI": ""}
BARE_PROJECT = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "bare"\nproject_name = "bare"\nkedro_init_version = "{kedro}"\n',
    "src/bare/__init__.py": "",
    "src/bare/settings.py": "",
    "src/bare/pipeline_registry.py": "def register_pipelines():\n    return {{}}\n",
}

Measured = dict[str, Any]


def measure(command: list[str], folder: Path = ROOT) -> Measured:
    """Run a command: its `wall_seconds`, the `peak_bytes` of its process, and what its last line of JSON says."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | SILENT, stdout=output, stderr=output)  # noqa: S603 - the benchmark's own
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        said = output.read().decode().strip().splitlines()
    if status:
        raise click.ClickException(f"{' '.join(command)} failed: {said[-1] if said else 'it said nothing'}")
    results: Measured = json.loads(said[-1]) if said and said[-1].startswith("{") else {}
    return results | {"wall_seconds": seconds, "peak_bytes": usage.ru_maxrss * 1024}


class Workspace:
    """A configuration of the project whose results and MLflow store are in a folder of their own."""

    def __init__(self, folder: Path, raw: Path | None = None, kedro: Sequence[str] = KEDRO) -> None:
        """Lay it out in an empty folder; `raw`: the four IDX files, if they are not the project's."""
        self._folder = folder
        self._kedro = kedro
        shutil.copytree(ROOT / "conf", folder / "conf")
        (folder / "conf" / "benchmark").mkdir()
        settings: dict[str, Any] = {"outputs": str(folder / "data")}
        if raw:
            names = ("train_images", "train_labels", "test_images", "test_labels")
            settings |= {"folder": str(raw), "sha256": dict.fromkeys(names)}
        store = {"uri": f"sqlite:///{folder}/mlflow.db", "artifacts": str(folder / "mlartifacts")}
        for environment in ("benchmark", "test"):
            (folder / "conf" / environment / "globals.yml").write_text(json.dumps(settings))
            (folder / "conf" / environment / "tracking.yml").write_text(json.dumps(store))

    def run_test(self) -> float:
        """The seconds of `kedro run --env test`."""
        run = ["run", "--env", "test", "--conf-source", str(self._folder / "conf")]
        seconds: float = measure([*self._kedro, *run])["wall_seconds"]
        return seconds

    def run(self, networks: list[str], pipeline: str | None = None, **parameters: Any) -> Measured:
        """`kedro run`: as `measure`, with `fit_seconds`, `test_accuracy` and `operations` of each network."""
        options = ["--pipeline", pipeline] if pipeline else []
        values = ",".join(f"{name}={value}" for name, value in parameters.items())
        run = ["run", "--env", "benchmark", "--conf-source", str(self._folder / "conf")]
        measured = measure([*self._kedro, *run, *options, *(["--params", values] if values else [])])
        for network in networks:
            metrics = json.loads((self._folder / "data/08_reporting" / network / "metrics.json").read_text())
            measured[network] = {name: metrics[name] for name in ("fit_seconds", "test_accuracy", "operations")}
        return measured


def measure_network(network: str, pytorch: str, workspace: Workspace) -> Measured:
    """All rounds of a network: A, ours, ours in float32 and B in turn, with the seed of the round."""
    half = choose_policy("auto") == "mixed_bfloat16"
    script = str(Path(__file__).parent)
    rounds: dict[str, list[Measured]] = {"lecture": [], "ours": [], "float32": [], "pytorch": []}
    for seed in range(1, ROUNDS[network] + 1):
        rounds["lecture"].append(measure([sys.executable, f"{script}/lecture.py", network, "--seed", str(seed)]))
        for name, precision in (("ours", "auto"), ("float32", "float32")):
            measured = workspace.run([network], network, seed=seed, precision=precision)
            rounds[name].append(measured | measured.pop(network))
        fastest = ["--precision", "bfloat16" if half else "float32"]
        rounds["pytorch"].append(measure([pytorch, f"{script}/pytorch.py", network, "--seed", str(seed), *fastest]))
        seconds = {name: f"{of[-1]['fit_seconds']:.1f}" for name, of in rounds.items()}
        click.echo(f"{network}, seed {seed}, seconds of fit: {seconds}")
    return {**rounds, "operations": rounds["ours"][0]["operations"]}


def measure_record(network: str, workspace: Workspace) -> Measured:
    """All seeds of a record; before every tenth of them, the lecture's script trains its cnn."""
    rounds: dict[str, list[Measured]] = {"lecture": [], "ours": []}
    for seed in range(1, RECORDS[network].seeds + 1):
        if (seed - 1) % LECTURE_EVERY == 0:
            script = str(Path(__file__).with_name("lecture.py"))
            rounds["lecture"].append(measure([sys.executable, script, "cnn", "--seed", str(seed)]))
        measured = workspace.run([network], network, seed=seed)
        rounds["ours"].append(measured | measured.pop(network))
        seconds = {name: f"{of[-1]['fit_seconds']:.2f}" for name, of in rounds.items()}
        accuracy = rounds["ours"][-1]["test_accuracy"]
        click.echo(f"{network}, seed {seed}, seconds of fit: {seconds}, test accuracy {accuracy:.4f}")
    return {**rounds, "date": date.today().isoformat()}


def measure_growth(folder: Path) -> list[Measured]:
    """An epoch of the two small networks on all training images, once, twice and four times over."""
    rows = []
    for times in GROWTH:
        raw = folder / f"raw{times}"
        raw.mkdir(parents=True)
        for path in (ROOT / "data/01_raw/mnist").glob("*.gz"):
            array = IDXDataset(filepath=str(path), dimensions=3 if "images" in path.name else 1).load()
            array = np.concatenate([array] * times) if path.name.startswith("train") else array
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (raw / path.name).write_bytes(gzip.compress(header + array.tobytes(), compresslevel=1))
        workspace = Workspace(folder / f"growth{times}", raw)
        for network in ("fcn", "cnn"):
            measured = workspace.run([network], network, **{f"{network}.training.epochs": 1})
            fit_seconds = measured[network]["fit_seconds"]
            row = {"network": network, "images": 60_000 * times, "fit_seconds": fit_seconds}
            rows.append(row | {"peak_bytes": measured["peak_bytes"]})
            click.echo(f"{network}, {60_000 * times:,} images: {fit_seconds:.1f} s")
    return rows


def measure_help(folder: Path) -> Measured:
    """`kedro --help` in this project and in one that holds nothing, in turn."""
    for name, text in BARE_PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.format(kedro=version("kedro")))
    command = [sys.executable, "-m", "kedro", "--help"]
    seconds = [
        {"ours": measure(command)["wall_seconds"], "bare": measure(command, folder)["wall_seconds"]}
        for _ in range(HELP_ROUNDS)
    ]
    return {name: [round_[name] for round_ in seconds] for name in ("ours", "bare")}


def median(rounds: list[Measured], figure: str) -> float:
    """The median of a figure over rounds."""
    return float(statistics.median(measured[figure] for measured in rounds))


def ratio_row(figure: str, value: float, target: float, *, least: bool = False) -> str:
    """A row of the table of ratios: what was measured, and whether it is at most the target, or at least."""
    reached = value >= target if least else value <= target
    bound = "at least" if least else "at most"
    return f"| {figure} | {value:.{DIGITS}g} | {bound} {target:g}: {'reached' if reached else '**missed**'} |"


def tables_of_records(results: Measured) -> tuple[list[str], list[str]]:
    """The rows of the table of ratios that records add to it, and a table of their own."""
    ratios = []
    table = [
        "| network | measured on | seconds of fit | A's `cnn` | share | seeds | test accuracy, mean (95 %) | lowest |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for network, goal in RECORDS.items():
        if (measured := results["records"].get(network)) is None:
            continue
        ours, theirs = (median(measured[name], "fit_seconds") for name in ("ours", "lecture"))
        found = 100 * np.array([run["test_accuracy"] for run in measured["ours"]])
        low, high = stats.t.interval(0.95, len(found) - 1, found.mean(), stats.sem(found))
        part = f"1/{theirs / ours:.1f}" if ours < theirs / 2 else f"{ours / theirs:.2f}"
        mean = f"{found.mean():.3f} % ({low:.3f} to {high:.3f})"
        table.append(
            f"| {network} | {measured['date']} | {ours:.2f} | {theirs:.1f} | {part} | {len(found)} | {mean} | "
            f"{found.min():.2f} % |"
        )
        ratios.append(ratio_row(f"fit, `{network}`, ours / A's `cnn`", ours / theirs, goal.share))
        least = f"test accuracy, `{network}`, {goal.figure}, per cent"
        ratios.append(ratio_row(least, low if goal.whole_interval else found.mean(), goal.accuracy, least=True))
    return ratios, table


def tables(results: Measured) -> str:
    """What was measured, in Markdown."""
    networks = results["networks"]
    ratios = ["| figure | measured | target |", "| --- | --- | --- |"]
    seconds = [
        "| network | measured on | A | ours | ours, float32 | B | L |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    accuracies = [
        "| network | seeds | auto | float32 | difference, points | 95 % interval (paired t) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]

    def fit(network: str, name: str) -> float:
        return median(networks[network][name], "fit_seconds")

    def ratio(figure: str, value: float, target: float, *, least: bool = False) -> None:
        ratios.append(ratio_row(figure, value, target, least=least))

    precision = "bfloat16" if results["policy"] == "mixed_bfloat16" else "float32"
    if len(networks) == len(TARGETS):
        ours, theirs = (sum(fit(network, name) for network in TARGETS) for name in ("ours", "lecture"))
        ratio("fit of all three, ours / A", ours / theirs, 0.35)
    for network, target in TARGETS.items():
        if network not in networks:
            continue
        measured = networks[network]
        limit = measured["operations"] / measured["limit"][precision]
        ratio(f"fit, {network}, ours / A", fit(network, "ours") / fit(network, "lecture"), target)
        exact = fit(network, "float32") / fit(network, "lecture")
        ratio(f"fit, {network}, ours in float32 / A", exact, FLOAT32_TARGETS[network])
        ratio(f"fit, {network}, ours / B", fit(network, "ours") / fit(network, "pytorch"), 0.8)
        if network == "cnn_no_pool":
            ratio(f"fit, {network}, share of L reached", limit / fit(network, "ours"), 0.5, least=True)
        names = ("lecture", "ours", "float32", "pytorch")
        fits = " | ".join(f"{fit(network, name):.1f}" for name in names)
        seconds.append(f"| {network} | {measured['date']} | {fits} | {limit:.1f} |")
        fast, slow = (np.array([run["test_accuracy"] for run in measured[name]]) for name in ("ours", "float32"))
        interval = stats.ttest_rel(fast, slow).confidence_interval(0.95)
        accuracies.append(
            f"| {network} | {len(fast)} | {fast.mean():.5f} ± {fast.std(ddof=1):.5f} | {slow.mean():.5f} ± "
            f"{slow.std(ddof=1):.5f} | {100 * (fast.mean() - slow.mean()):+.3f} | "
            f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f} |"
        )
    for network, target in WHOLE_TARGETS.items():
        ours, theirs = (median(networks[network][name], "wall_seconds") for name in ("ours", "lecture"))
        ratio(f"whole process, {network} ({ours:.1f} s), ours / A", ours / theirs, target)
    if "test_seconds" in results:
        ratio("`kedro run --env test`, seconds", statistics.median(results["test_seconds"]), TEST_SECONDS)
    peak = max(run["peak_bytes"] for measured in networks.values() for run in measured["lecture"])
    figure = f"peak memory, `kedro run` ({results['peak_bytes'] / 1e9:.2f} GB) / A's largest"
    ratio(figure, results["peak_bytes"] / peak, 1.0)
    of_records, records = tables_of_records(results)
    ratios += of_records
    helped = {name: statistics.median(results["help"][name]) for name in ("ours", "bare")}
    ratio(f"`kedro --help` ({helped['ours']:.2f} s) / a bare project's", helped["ours"] / helped["bare"], 1.1)

    growth = ["| network | images | fit, one epoch | peak memory |", "| --- | --- | --- | --- |"]
    growth += [
        f"| {row['network']} | {row['images']:,} | {row['fit_seconds']:.1f} s | {row['peak_bytes'] / 1e6:,.0f} MB |"
        for row in results["growth"]
    ]
    machine = (
        f"Measured on {results['date']}: {results['machine']}; {results['versions']}. The machine multiplies matrices "
        f"at {results['limit']['float32'] / 1e12:.2f} TFLOP/s in float32 and "
        f"{results['limit']['bfloat16'] / 1e12:.2f} in bfloat16; `precision: auto` means {results['policy']} here."
    )
    parts = {
        "Ratios": ratios,
        "Seconds of fit, medians": seconds,
        "Test accuracy, mean ± standard deviation over seeds": accuracies,
        "Records": records,
        "Growth": growth,
    }
    return "\n".join(
        [machine, *(line for title, rows in parts.items() for line in ("", f"### {title}", "", *rows)), ""]
    )


def describe_machine() -> str:
    """Processor, cores and what is built for bfloat16."""
    return f"{processor()}, {os.cpu_count()} cores, {bfloat16_hardware() or 'no bfloat16'}"


@click.command()
@click.option("--network", type=click.Choice([*TARGETS, *RECORDS]), help="Measure this one anew, and nothing else.")
@click.option("--pytorch", required=True, help="A Python with PyTorch.")
def main(network: str | None, pytorch: str) -> None:
    """Measure, print one table and rewrite the page."""
    results: Measured = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"networks": {}, "records": {}}
    if network and "growth" not in results:
        raise click.ClickException("nothing was measured yet: run `make benchmark` without NETWORK first")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace = Workspace(folder / "work")
        if network not in RECORDS:
            limit = Path(__file__).with_name("limit.py")
            results["limit"] = {
                name: rate for name, rate in measure([sys.executable, str(limit)]).items() if "float" in name
            }
        if not network:
            results["help"] = measure_help(folder / "bare")
            results["growth"] = measure_growth(folder)
            results["test_seconds"] = [workspace.run_test() for _ in range(TEST_ROUNDS)]
            epochs: dict[str, Any] = {f"{name}.training.epochs": 1 for name in TARGETS}
            results["peak_bytes"] = workspace.run([], **epochs)["peak_bytes"]
        for name in [network] if network else [*TARGETS, *RECORDS]:
            if name in RECORDS:
                results["records"][name] = measure_record(name, workspace)
            else:
                measured = measure_network(name, pytorch, workspace)
                about = {"limit": results["limit"], "date": date.today().isoformat()}  # machines differ from day to day
                results["networks"][name] = measured | about
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    if network not in RECORDS:
        results |= {
            "date": date.today().isoformat(),
            "machine": describe_machine(),
            "policy": choose_policy("auto"),
            "versions": ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "kedro", "mlflow")),
        }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + tables(results) + "\n" + END + rest.split(END)[1])
    click.echo(tables(results))


if __name__ == "__main__":
    main()
