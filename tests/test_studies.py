"""The trainings that the grids ask for."""

from itertools import pairwise
from typing import Any

import pytest
import yaml
from kedro.pipeline import Pipeline
from omegaconf import OmegaConf

from convnets.harness.messages import ParameterError
from convnets.parameters import NAME, ProjectParameters, check_parameters
from convnets.pipeline_registry import TAKEN, register_pipelines, register_studies
from convnets.studies import parameter_blocks, plan_trainings
from support import ROOT

RAW = {"raw_train_images", "raw_train_labels", "raw_test_images", "raw_test_labels"}


@pytest.fixture
def parameters() -> Any:
    return check_parameters(yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text()))


def test_each_point_of_the_grids_is_a_training_of_each_network(parameters: Any) -> None:
    trainings = plan_trainings(parameters)
    of_sizes = [training for training in trainings.values() if training.study == "sample_size"]
    sizes = parameters.studies["sample_size"]
    assert len(of_sizes) == 3 * len(sizes.samples) * len(sizes.seeds)
    of_seeds = [training for training in trainings.values() if training.study == "seeds"]
    assert len(of_seeds) == 3 * len(parameters.studies["seeds"].seeds)
    one = trainings["sample_size-cnn_no_pool-300-2"]
    assert (one.samples, one.seed, one.images_per_epoch) == (300, 2, 12_800)
    assert one.network == parameters.cnn_no_pool.network
    assert trainings["seeds-fcn-2"].samples is None


def test_a_variant_that_names_networks_is_of_these_alone(parameters: Any) -> None:
    trainings = plan_trainings(parameters, ["invariance"])
    assert len(trainings) == len(parameters.studies["invariance"].variants) * len(
        parameters.studies["invariance"].seeds
    )
    dense = trainings["invariance-fcn-dense_shifted-1"]
    assert (dense.network.root.name, dense.training.augmentation.shift) == ("fcn", 4)
    assert trainings["invariance-cnn-circular_global_max_canvas-1"].dataset.canvas == 40
    assert "invariance-cnn-dense-1" not in trainings


def test_each_rung_of_the_ladder_is_another_step_from_the_lecture_to_the_record(parameters: Any) -> None:
    trainings = plan_trainings(parameters, ["ladder"])
    rungs = [training for training in trainings.values() if training.seed == 1]
    assert (rungs[0].network, rungs[0].training) == (parameters.cnn.network, parameters.cnn.training)
    assert rungs[-1].training == parameters.classifiers["record"].training
    assert rungs[-1].measures == ("speed",)
    for rung, following in pairwise(rungs):
        assert described(rung) != described(following)
    before, last = (described(rung) for rung in rungs[-2:])
    assert before["training"].pop("epochs") > last["training"].pop("epochs")
    assert before == last


def described(training: Any) -> dict[str, Any]:
    """All that a network is trained with but its name."""
    network = training.network.root.model_dump(exclude={"name"})
    return {"network": network, "training": training.training.model_dump()}


@pytest.mark.parametrize("networks", [["cnn_no_pool"], [], "nothing", 3])
def test_a_variant_names_networks_of_its_study(networks: Any) -> None:
    values = yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text())
    values["x"] = {"seeds": [1, 2], "networks": ["fcn", "cnn"], "variants": {"a": {"networks": networks}}}
    with pytest.raises(ParameterError, match=r"x\.variants\.a\.networks is .*; allowed: a list of any of fcn, cnn"):
        plan_trainings(check_parameters(values), ["x"])


def test_the_full_grid_holds_the_default_one(parameters: Any) -> None:
    base, full = (OmegaConf.load(ROOT / "conf" / folder / "parameters.yml") for folder in ("base", "full_grid"))
    values: Any = OmegaConf.to_container(OmegaConf.merge(base, full), resolve=False)
    trainings = plan_trainings(check_parameters(values))
    assert trainings.keys() > plan_trainings(parameters).keys()


def test_a_training_shares_only_raw_files_and_parameters(parameters: Any) -> None:
    """So that each can run in a process of its own."""
    untuned = [name for name, study in parameters.studies.items() if not study.tune]
    trainings = plan_trainings(parameters, untuned)
    blocks = parameter_blocks(trainings)
    for study, pipeline in register_studies(untuned, trainings).items():
        shared = {name for name in pipeline.inputs() if not name.startswith("params:") and "." not in name}
        assert shared == RAW
        for name in (name for name, training in trainings.items() if training.study == study):
            own: Pipeline = pipeline.filter(node_namespaces=[name])
            assert {other for other in own.inputs() if not other.startswith("params:")} == RAW
            given = f"params:{name}.last_checkpoint"
            assert given in own.inputs()
            needed = {
                other.split(".")[1] for other in own.inputs() if other.startswith(f"params:{name}.") and other != given
            }
            assert needed <= blocks[name].keys()
            assert f"{name}.report" in own.outputs()


def test_no_study_can_take_the_name_of_a_pipeline() -> None:
    parameters = set(ProjectParameters.model_fields)
    assert {*TAKEN} == {name for name in register_pipelines() if name not in parameters and NAME.fullmatch(name)}
