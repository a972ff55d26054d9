"""MLflow stores that cannot be used, and ports of the MLflow UI."""

import http.server
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bad_input import RUN, STORE, Case, Place, Prepare, both, forbidden, hold_to_one_sentence
from forks import Forks
from support import free_port

ELSEWHERE = "or name another store in MLFLOW_TRACKING_URI"


def statement(sql: str) -> Prepare:
    def prepare(place: Place) -> None:
        with closing(sqlite3.connect(place.path / STORE)) as store, store:
            store.execute(sql)

    return prepare


def locked(place: Place) -> None:
    """By another process: in this one the lock would end when the test reads the file."""
    lock = "store.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); input()"
    program = f"import sqlite3; store = sqlite3.connect({STORE!r}, isolation_level=None); {lock}"
    holder = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program], cwd=place.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    place.undo.callback(holder.communicate, b"\n")


def no_store(place: Place) -> None:
    (place.path / STORE).write_bytes(b"no database at all" * 100)


def folder_for_a_store(place: Place) -> None:
    (place.path / STORE).unlink()
    (place.path / STORE).mkdir()


def deleted_experiment(place: Place) -> None:
    store = MlflowClient(f"sqlite:///{place.path / STORE}")
    experiment = store.get_experiment_by_name("convnets-test")
    assert experiment is not None
    store.delete_experiment(experiment.experiment_id)


def tracking_at(uri: str) -> Prepare:
    def prepare(place: Place) -> None:
        place.variables["MLFLOW_TRACKING_URI"] = uri.replace("{path}", str(place.path))

    return prepare


def unreachable(place: Place) -> None:
    tracking_at(f"http://127.0.0.1:{free_port()}")(place)


def another_server(place: Place) -> None:
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Refuses)
    threading.Thread(target=server.serve_forever).start()
    place.undo.callback(server.server_close)
    place.undo.callback(server.shutdown)
    tracking_at(f"http://127.0.0.1:{server.server_port}")(place)


FCN = (*RUN, "--pipeline=fcn")
STORES = [
    Case(
        "a locked store",
        ("The MLflow store {path}/mlflow.db is locked by another program", "5 s: end that program", ELSEWHERE),
        prepare=locked,
        command=FCN,
    ),
    Case(
        "a store of a newer schema",
        ("{path}/mlflow.db is of a newer MLflow than 3.", "its schema feedfacecafe: update MLflow", ELSEWHERE),
        prepare=statement("UPDATE alembic_version SET version_num = 'feedfacecafe'"),
        command=FCN,
    ),
    Case(
        "a store of an older schema",
        ("{path}/mlflow.db is of an older MLflow", "`mlflow db upgrade sqlite:///{path}/mlflow.db`", ELSEWHERE),
        prepare=statement("UPDATE alembic_version SET version_num = '451aebb31d03'"),
        command=FCN,
    ),
    Case(
        "a store that is none",
        ("{path}/mlflow.db cannot be used: file is not a database", "allowed: an SQLite file of MLflow 3.", ELSEWHERE),
        prepare=no_store,
        command=FCN,
    ),
    Case(
        "a database of something else",
        ("{path}/mlflow.db cannot be used: no such table: alembic_version", "allowed: an SQLite file of", ELSEWHERE),
        prepare=statement("DROP TABLE alembic_version"),
        command=FCN,
    ),
    Case(
        "a folder in place of a store",
        ("{path}/mlflow.db is a folder", "allowed: a file, or nothing there, for the MLflow store"),
        prepare=folder_for_a_store,
        command=FCN,
    ),
    Case(
        "a read-only store",
        (
            "{path}/mlflow.db is write-protected",
            "allowed: a file that can be replaced, for the MLflow store",
            ELSEWHERE,
        ),
        prepare=forbidden(STORE, 0o444),
        command=FCN,
    ),
    Case(
        "a store in a folder that cannot be written to",
        ("/proc is not writable for you", "allowed: a folder that the MLflow store can be written to", ELSEWHERE),
        prepare=tracking_at("sqlite:////proc/convnets/convnets.db"),
        command=FCN,
    ),
    Case(
        "a folder of the project that cannot be written to",
        ("{path}/mlflow.db.lock cannot be locked (Permission denied)", "allowed: a file that one run after the other"),
        prepare=both(lambda place: (place.path / "mlflow.db.lock").unlink(), forbidden(".", 0o555)),
        command=FCN,
    ),
    Case(
        "a deleted experiment",
        (
            "The MLflow experiment 'convnets-test'",
            "is deleted: restore it with `mlflow experiments restore",
            "tracking.yml",
        ),
        prepare=deleted_experiment,
        command=FCN,
    ),
    Case(
        "an unreachable server",
        ("No MLflow server answers at http://127.0.0.1:", "start it, or unset MLFLOW_TRACKING_URI"),
        prepare=unreachable,
        command=FCN,
    ),
    Case(
        "a server of something else",
        ("The MLflow store at http://127.0.0.1:", "cannot be used: ", "404"),
        prepare=another_server,
        command=FCN,
    ),
    Case(
        "a store of no known kind",
        ("MLFLOW_TRACKING_URI is 'nowhere://x'; allowed: sqlite:///FILE or ",),
        prepare=tracking_at("nowhere://x"),
        command=FCN,
    ),
    Case(
        "a folder of runs",
        ("MLFLOW_TRACKING_URI is './mlruns'; allowed: sqlite:///FILE or ",),
        prepare=tracking_at("./mlruns"),
        command=FCN,
    ),
    Case(
        "a port that cannot be",
        ("MLFLOW_TRACKING_URI is 'http://127.0.0.1:99999'; allowed: ", "http://HOST:PORT or"),
        prepare=tracking_at("http://me:secret@127.0.0.1:99999"),
        command=FCN,
    ),
    Case(
        "a database without a driver",
        ("The MLflow store at postgresql+pg8000://team/runs cannot be used: No module named 'pg8000'",),
        prepare=tracking_at("postgresql+pg8000://me:secret@team/runs"),
        command=FCN,
    ),
]


def port_in_use(place: Place) -> None:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    place.undo.callback(taken.close)
    place.options = ["--port", str(taken.getsockname()[1])]


UI = ("mlflow", "--env", "test")
PORTS = [
    Case(
        "a port in use",
        ("Port ", "cannot be used (Address already in use): choose another with --port"),
        prepare=port_in_use,
        command=UI,
    ),
    Case(
        "no port",
        (
            "--port",
            "65536 is not in the range 1<=x<=65535",
        ),
        ("--port", "65536"),
        command=UI,
        status=2,
    ),
    Case("no runs yet", ("no experiment 'convnets' yet: run `kedro run`",), command=("mlflow",)),
]

CASES = [*STORES, *PORTS]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_bad_input_gets_one_sentence_and_changes_nothing(
    case: Case, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    hold_to_one_sentence(case, trained, forks, tmp_path / "project")
