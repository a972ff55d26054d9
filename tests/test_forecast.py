"""What a study would train is said beforehand, with an estimate of the time."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from convnets.experiment import side_by_side
from convnets.forecast import forecast
from convnets.harness.messages import ParameterError
from convnets.parameters import check_parameters
from convnets.studies import plan_trainings
from support import ROOT


def parameters(**blocks: Any) -> Any:
    values = yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text())
    return check_parameters(values | blocks)


GRID = {"networks": ["cnn"], "seeds": [1, 2], "vary": {"network.padding": ["valid", "same"]}}


def test_the_trainings_are_counted_and_their_time_follows_from_logs(tmp_path: Path) -> None:
    found = parameters(grid=GRID)
    trainings = plan_trainings(found, ["grid"])
    (line,) = forecast(found, trainings, tmp_path)
    assert line == (
        "grid: 4 trainings (1 network x 2 values of network.padding x 2 seeds); how long that takes is not known "
        "before cnn has been trained"
    )
    (tmp_path / "06_models").mkdir()
    log = "epoch,epoch_seconds,images_per_second\n1,30,2000\n2,30,2000\n"
    (tmp_path / "06_models" / "cnn.training_log.csv").write_text(log)
    (line,) = forecast(found, trainings, tmp_path)
    assert line.endswith("about 10 minutes one after the other")  # 4 trainings of 5 epochs of 30 s


def test_trials_are_counted_beside_the_trainings(tmp_path: Path) -> None:
    tune = {"trials": 3, "search": {"training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}}
    found = parameters(grid=GRID | {"tune": tune})
    trainings = plan_trainings(found, ["grid"])
    assert [name for name in trainings if name.startswith("grid-cnn-valid")] == [
        *(f"grid-cnn-valid-trial{number}" for number in range(3)),
        *("grid-cnn-valid-1", "grid-cnn-valid-2"),
    ]
    (line,) = forecast(found, trainings, tmp_path)
    assert "4 trainings (" in line
    assert ", and 6 trials before them; " in line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vary": {"network.paddin": ["same"]}}, "x, cnn: There is no parameter network.paddin: did you mean"),
        ({"vary": {"network.padding": ["sme"]}}, "x, cnn: network.padding is 'sme' (did you mean same?); allowed:"),
        ({"vary": {"seed": [1]}}, "x names seed; allowed: a parameter in network, training,"),
        ({"networks": ["fcn"], "vary": {"network.padding": ["same"]}}, "x, fcn: There is no parameter network.padding"),
        (
            {"vary": {f"training.{name}": list(range(1, 21)) for name in ("epochs", "batch_size", "early_stopping")}},
            "x asks for 16,000 trainings; allowed: up to 2,000",
        ),
        (
            {"tune": {"trials": 1, "search": {"training.batch_size": {"low": 0, "high": 8}}}},
            "x.tune, cnn: training.batch_size is 0; allowed: a whole number from 1",
        ),
        ({"tune": {"trials": 1, "search": {"precision": ["auto"]}}}, "x.tune.search names precision; allowed:"),
    ],
)
def test_a_study_of_what_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    block = {"networks": ["cnn"], "seeds": [1, 2]} | changes
    with pytest.raises(ParameterError) as raised:
        plan_trainings(parameters(x=block), ["x"])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_values_that_cannot_be_part_of_a_name_are_numbered() -> None:
    vary = {"network.filters": [[8, 16], [816]], "training.learning_rate": [0.1, 0.01]}
    trainings = plan_trainings(parameters(x={"networks": ["cnn"], "seeds": [1, 2], "vary": vary}), ["x"])
    assert list(trainings)[:2] == ["x-cnn-8_16-0_1-1", "x-cnn-8_16-0_1-2"]
    clash = {"training.learning_rate": [0.1, "0_1"]}
    assert all("." not in name for name in trainings)
    with pytest.raises(ParameterError, match=r"training\.learning_rate is '0_1'"):
        plan_trainings(parameters(x={"networks": ["cnn"], "seeds": [1, 2], "vary": clash}), ["x"])


def test_trainings_are_run_side_by_side_unless_their_seconds_are_measured_or_they_share_devices() -> None:
    trainings = plan_trainings(parameters(grid=GRID), ["grid"])
    assert side_by_side(trainings) == dict.fromkeys(trainings, 4 + 5 * 60_000 / 10_000)
    assert side_by_side(plan_trainings(parameters(grid=GRID | {"measures": ["speed"]}), ["grid"])) == {}
    assert side_by_side(plan_trainings(parameters(grid=GRID, strategy="mirrored"), ["grid"])) == {}
