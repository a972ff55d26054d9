"""The results of those studies that were run."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from convnets.datasets.figure import FigureDataset
from convnets.datasets.study_results import StudyResultsDataset
from convnets.figures import new_figure


def leave(folder: Path, study: str) -> None:
    """Leave what a study leaves."""
    FigureDataset(filepath=str(folder / f"{study}.png")).save(new_figure(study, width=2, height=2))
    pd.DataFrame({"network": ["fcn"] * 3, "seed": [1, 2, 3]}).to_csv(folder / f"{study}.csv", index=False)


def test_where_no_study_was_run_there_is_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not there"):
        stored = StudyResultsDataset(folder=str(folder))
        assert stored.exists()
        assert stored.load() == {}
        assert stored.parts() == []


def test_a_study_is_a_table_and_a_figure_of_its_name(tmp_path: Path) -> None:
    leave(tmp_path, "seeds")
    (tmp_path / "comparison.csv").write_text("network\nfcn\n")
    (tmp_path / "sample_images.png").write_bytes(b"")
    (tmp_path / ".unfinished-1@here+later.csv").write_text("")
    stored = StudyResultsDataset(folder=str(tmp_path))
    assert stored.parts() == ["seeds.figure", "seeds.table"]
    (result,) = stored.load().values()
    assert result.file == "seeds.csv"
    assert list(result.table["seed"]) == [1, 2, 3]
    assert result.figure == (tmp_path / "seeds.png").read_bytes()
    assert result.made.endswith(" UTC")


def test_the_table_of_means_is_shorter(tmp_path: Path) -> None:
    leave(tmp_path, "seeds")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "mean_accuracies.csv").write_text("network,trainings\nfcn,3\n")
    result = StudyResultsDataset(folder=str(tmp_path)).load()["seeds"]
    assert result.file == "seeds/mean_accuracies.csv"
    assert len(result.table) == 1


def test_a_damaged_study_is_left_out(tmp_path: Path) -> None:
    for study in ("seeds", "translation", "whole"):
        leave(tmp_path, study)
    (tmp_path / "seeds.csv").write_bytes(b"")
    (tmp_path / "translation.png").write_bytes(b"no figure")
    assert list(StudyResultsDataset(folder=str(tmp_path)).load()) == ["whole"]


def test_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is only read here"):
        StudyResultsDataset(folder=str(tmp_path)).save({})  # type: ignore[arg-type]
