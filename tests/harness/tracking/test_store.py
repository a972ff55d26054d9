"""The address of an MLflow store: what users type is one store for all, or refused."""

import re
from pathlib import Path

import pytest

from convnets.harness.messages import TrackingError
from convnets.harness.tracking.experiments import charts_path
from convnets.harness.tracking.settings import Tracking
from convnets.harness.tracking.store import (
    store_lock,
    store_uri,
    tracking_uri,
    without_password,
)

SETTINGS = Tracking(uri="sqlite:///mlflow.db", artifacts="mlartifacts", experiment="convnets")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sqlite:///team.db", "sqlite:////project/team.db"),
        ("sqlite:///../team.db", "sqlite:////team.db"),
        ("  sqlite:////data/team.db\n", "sqlite:////data/team.db"),
        ("SQLITE:////data/Team.db", "sqlite:////data/Team.db"),
        ("sqlite+pysqlite:////data/team.db", "sqlite:////data/team.db"),
        ("sqlite:////data/team.db?timeout=30", "sqlite:////data/team.db?timeout=30"),
        ("sqlite:////data/of%20all/team.db", "sqlite:////data/of all/team.db"),
        ("HTTP://Team:5000/", "http://Team:5000"),
        ("https://me:secret@team/mlflow/", "https://me:secret@team/mlflow"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("PostgreSQL+psycopg2://me:secret@team/Runs", "postgresql+psycopg2://me:secret@team/Runs"),
        ("mysql://team/runs?charset=utf8", "mysql://team/runs?charset=utf8"),
    ],
)
def test_an_address_has_one_form(typed: str, meant: str) -> None:
    assert store_uri(typed, Path("/project"), "here") == meant
    assert store_uri(meant, Path("/elsewhere"), "here") == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("./mlruns", "/tmp/runs", "team.db", "file:", "file:///tmp/runs", "databricks", "uc://x", "nowhere://x"),  # noqa: S108
        *(
            "sqlite:team.db",
            "sqlite://",
            "sqlite:///",
            "sqlite://team.db",
            "sqlite:///:memory:",
            "sqlite+aiosqlite:///x",
        ),
        *("sqlite:///file:team.db?uri=true", "sqlite:///team.db?timeout=soon", "sqlite:///team.db?nonsense=1"),
        *(
            "http://",
            "http:/team",
            "http://team:99999",
            "http://team:port",
            "http://[::1",
            "http://team:5000/#/experiments/1",
        ),
    ],
)
def test_what_is_no_address_is_refused_with_what_is_allowed(typed: str) -> None:
    with pytest.raises(
        TrackingError, match=f"^here is {re.escape(repr(typed))}; allowed: sqlite:///FILE or "
    ) as raised:
        store_uri(typed, Path("/project"), "here")
    assert "\n" not in str(raised.value)


def test_a_link_to_a_store_is_that_store(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "team" / "runs.db")
    assert store_uri("sqlite:///link.db", tmp_path, "here") == f"sqlite:///{tmp_path}/team/runs.db"


def test_a_blank_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", " ")
    assert tracking_uri(tmp_path, SETTINGS) == f"sqlite:///{tmp_path}/mlflow.db"


def test_a_relative_path_leads_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mine.db")
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(Path("/project"), SETTINGS) == f"sqlite:///{tmp_path}/mine.db"


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://me:se/c@ret@team/runs",
        "postgresql://me:se cret@team/runs",
        "http://me:s3cret@team:99999",
        "mysql://team/runs?user=me&Password=secret",
    ],
)
def test_no_part_of_a_password_is_said(uri: str) -> None:
    said = without_password(f"The store at {uri} fails")
    assert "team" in said
    assert not re.search("se/|c@ret|se cr|s3c|secret", said)


def test_projects_that_share_a_store_open_it_one_after_the_other(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    shared = f"sqlite:///{tmp_path / 'team.db'}"
    assert store_lock(shared, ours) == store_lock(shared, theirs) == tmp_path / "team.db.lock"
    with_options = f"{shared}?timeout=30"
    assert store_lock(with_options, ours) == tmp_path / "team.db.lock"
    for elsewhere in ("http://127.0.0.1:5000", f"sqlite:///{tmp_path / 'nowhere' / 'team.db'}"):
        assert store_lock(elsewhere, ours) == ours / "mlflow.db.lock"


def test_a_damaged_store_is_refused_by_the_ui_too(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(TrackingError, match="cannot be used"):
        charts_path(f"sqlite:///{tmp_path / 'mlflow.db'}", SETTINGS)


def test_looking_at_runs_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="has no experiment 'convnets' yet: run `kedro run`"):
        charts_path(f"sqlite:///{tmp_path / 'mlflow.db'}", SETTINGS)
    assert list(tmp_path.iterdir()) == []
