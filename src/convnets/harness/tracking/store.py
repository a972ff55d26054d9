"""Where runs are recorded: the address of an MLflow store, whether it can be used, and how a new one is made."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import urlopen

from filelock import FileLock, Timeout

from convnets.harness.atomic_files import PREFIX
from convnets.harness.messages import TrackingError, one_line
from convnets.harness.outputs import check_writable
from convnets.harness.tracking.settings import Tracking

ANSWER_SECONDS = 10  # of a tracking server
LOCK_SECONDS = 5  # of a store that another program writes to
OPENING_SECONDS = 120  # of a store by another run, which may have to make it
SQLITE = "sqlite:///"
# What follows `sqlite://`. A store in memory would end with the process, and `uri=true` change what the path means.
SQLITE_FILE = re.compile(r"/(?!:memory:|file:)(?P<file>[^?]+)(?P<options>\?timeout=\d+(\.\d+)?)?")
DATABASES = ("mssql", "mysql", "postgresql")
VARIABLE = "MLFLOW_TRACKING_URI"
ESCAPED = re.compile(r"\?|%(?=[0-9a-f]{2})", re.IGNORECASE)  # what SQLAlchemy does not take as it is in a path
PASSWORD_OPTION = re.compile(r"((?:password|passwd)=)[^&\s]+", re.IGNORECASE)
SCHEMA = re.compile(r"^(?P<down>down_)?revision = ['\"](?P<schema>\w+)['\"]", re.MULTILINE)  # in a migration
MAX_CAUSE_CHARS = 200  # of what MLflow says of a failure
STORE_LOCK = "mlflow.db.lock"


def tracking_uri(project_path: Path, settings: Tracking) -> str:
    """Where runs are recorded: what MLFLOW_TRACKING_URI says, or the project's own store.

    Args:
        project_path: Where a local store is.
        settings: What `tracking.yml` says.

    Raises:
        TrackingError: As of `store_uri`.
    """
    if named := os.environ.get(VARIABLE, "").strip():
        return store_uri(named, Path.cwd(), VARIABLE)
    return store_uri(settings.uri, project_path, "uri in tracking.yml")


def store_uri(text: str, folder: Path, name: str) -> str:
    """The one form of a store's address that all others rely on, here and in processes elsewhere.

    Args:
        text: What the user says.
        folder: From which the path of a SQLite file leads, if it is relative.
        name: Of the setting.

    Returns:
        `sqlite:///` and an absolute path, the address of a server without a slash at the end, or that of a database.

    Raises:
        TrackingError: It is none of these. The message names the setting, what was found and what is allowed.
    """
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    dialect = scheme.partition("+")[0]
    if scheme in ("sqlite", "sqlite+pysqlite") and (found := SQLITE_FILE.fullmatch(rest)):
        file = os.path.realpath(folder / unquote(found["file"]))
        return f"{_sqlite_uri(file)}{found['options'] or ''}"
    if scheme in ("http", "https") and _is_server(f"{scheme}://{rest}"):
        return f"{scheme}://{rest.rstrip('/')}"
    if separator and dialect in DATABASES:
        return f"{scheme}://{rest}"
    raise TrackingError(
        f"{name} is {without_password(one_line(text))!r}; allowed: {SQLITE}FILE or {SQLITE}FILE?timeout=SECONDS, "
        "http://HOST:PORT or https://HOST:PORT of an MLflow server, or a database as postgresql://HOST/NAME"
    )


def _is_server(uri: str) -> bool:
    try:
        address = urlsplit(uri)
        return bool(address.hostname) and address.port != 0 and not address.query and not address.fragment
    except ValueError:  # no port, or none that can be
        return False


def _sqlite_uri(file: str | Path) -> str:
    return SQLITE + ESCAPED.sub(lambda sign: quote(sign[0]), str(file))


def sqlite_file(uri: str) -> Path | None:
    """The file of a store, if it is one of this machine.

    Args:
        uri: As of `store_uri`.
    """
    return Path(unquote(uri.removeprefix(SQLITE).partition("?")[0])) if uri.startswith(SQLITE) else None


def is_made(uri: str) -> bool:
    """Whether a store is there. A run alone makes one, and sees to it that no other makes it, too."""
    file = sqlite_file(uri)
    return file is None or file.exists()


def store_lock(uri: str, project_path: Path) -> Path:
    """The file that is locked while a store is opened, so that it is made once: beside a store that projects may share.

    Args:
        uri: Of the store.
        project_path: Where the file is for a store that is no file of this machine.
    """
    path = sqlite_file(uri)
    if path is None or not os.access(path.parent, os.W_OK):
        return project_path / STORE_LOCK
    return path.with_name(f"{path.name}.lock")


def make_store(uri: str) -> None:
    """Lay out the tables of a SQLite store that is not there yet; it appears whole, as a half one is of no use."""
    from mlflow import MlflowClient

    path = sqlite_file(uri)
    if path and not path.exists():
        unfinished = path.with_name(f"{PREFIX}{path.name}")
        unfinished.unlink(missing_ok=True)
        MlflowClient(_sqlite_uri(unfinished)).search_experiments(max_results=1)
        unfinished.replace(path)


@contextmanager
def opening(project_path: Path, uri: str) -> Iterator[None]:
    """Let one run after the other open a store in a file: MLflow makes a new one once.

    Raises:
        TrackingError: The project's folder cannot be written to, or another run does not come to an end with it.
    """
    file = sqlite_file(uri)
    if file is None:
        yield
        return
    with suppress(OSError):  # which is said of the store itself, later
        file.parent.mkdir(parents=True, exist_ok=True)
    path = store_lock(uri, project_path)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=OPENING_SECONDS)
    except (OSError, Timeout) as error:
        found = f"cannot be locked ({getattr(error, 'strerror', None) or f'not within {OPENING_SECONDS} s'})"
        raise TrackingError(
            f"{path} {found}; allowed: a file that one run after the other can lock while it opens the MLflow store"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def reachable(uri: str) -> Iterator[None]:
    """Refuse in one sentence a store that cannot be used.

    Raises:
        TrackingError: No server answers, the store's file is locked or of another version of MLflow, or MLflow cannot
            use what is there.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    if uri.startswith("http"):
        try:
            urlopen(f"{without_password(uri)}/health", timeout=ANSWER_SECONDS).close()  # noqa: S310 - it starts with http
        except HTTPError:
            pass  # it answers, if only that one must log in
        except (OSError, HTTPException, ValueError) as error:  # MLflow itself would try again for minutes
            raise TrackingError(
                f"No MLflow server answers at {without_password(uri)} ({cause_of(error)}): start it, or unset "
                "MLFLOW_TRACKING_URI"
            ) from error
    elif file := sqlite_file(uri):
        _require_usable(file)
    try:
        yield
    except TrackingError:
        raise
    except (MlflowException, SQLAlchemyError, ImportError, OSError, ValueError) as error:  # of a driver, too
        raise TrackingError(f"The MLflow store at {without_password(uri)} cannot be used: {cause_of(error)}") from error


def without_password(text: str) -> str:
    """A text without the user and password that an address in it may name: `postgresql://me:secret@host/runs`.

    A password may hold any sign: rather too much is left out than a part of one said.
    """
    return PASSWORD_OPTION.sub(r"\1...", re.sub(r"(?<=://)(?!/).*@", "", text, flags=re.DOTALL))


def uri_for_others(uri: str) -> str | None:
    """A store's address as other processes are told it; `None` if it holds a password: they know it themselves."""
    return uri if without_password(uri) == uri else None


def cause_of(error: Exception) -> str:
    """What a failure says of itself, in one line, without a password."""
    return without_password(one_line(str(error)))[:MAX_CAUSE_CHARS]


def _require_usable(path: Path) -> None:
    """Refuse the file of a store that is locked, cannot be written to, or is of another version of MLflow."""
    elsewhere = "or name another store in MLFLOW_TRACKING_URI"
    check_writable(path, "the MLflow store", elsewhere)
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS)) as store:
            store.execute("BEGIN IMMEDIATE")  # MLflow itself would wait for most of an hour
            tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
            found = {number for (number,) in store.execute("SELECT version_num FROM alembic_version")} if tables else {}
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise TrackingError(
                f"The MLflow store {path} is locked by another program, and was for {LOCK_SECONDS} s: end that "
                f"program, {elsewhere}"
            ) from error
        raise TrackingError(
            f"The MLflow store {path} cannot be used: {error}; allowed: an SQLite file of MLflow {version('mlflow')} "
            f"that can be written to: remove it, {elsewhere}"
        ) from error
    newest, known = _known_schemas()
    if newer := set(found) - known:
        raise TrackingError(
            f"The MLflow store {path} is of a newer MLflow than {version('mlflow')}, which does not know its schema "
            f"{', '.join(sorted(newer))}: update MLflow, {elsewhere}"
        )
    if tables and newest not in found:
        raise TrackingError(
            f"The MLflow store {path} is of an older MLflow than {version('mlflow')}: back it up and run "
            f"`mlflow db upgrade {SQLITE}{path}`, {elsewhere}"
        )


def _known_schemas() -> tuple[str | None, set[str]]:
    """The schema that the installed MLflow needs, and all that it can make into it.

    They are read off MLflow's migrations, each of which names its own and the one before: Alembic would import all.
    """
    import mlflow

    migrations = (Path(mlflow.__file__).parent / "store" / "db_migrations" / "versions").glob("*.py")
    found = [match for path in migrations for match in SCHEMA.finditer(path.read_text(encoding="utf-8"))]
    known = {match["schema"] for match in found if not match["down"]}
    newest = known - {match["schema"] for match in found if match["down"]}
    return newest.pop() if len(newest) == 1 else None, known
