"""What the parameters `dask` may be."""

from typing import Annotated

from pydantic import Field

from convnets.harness.fields import MAX_PATH_CHARS, Block, whole

MAX_WORKERS = 64
MAX_RETRIES = 100
SHORTEST_SILENCE, MAX_SILENCE = 10, 86_400  # seconds: a process of a task needs some to start


class Dask(Block):
    """Where `DaskRunner` has namespaces run.

    Attributes:
        scheduler: The address of a Dask scheduler; `None`: workers are started on this machine.
        workers: How many are started there.
        retries: How often a namespace that fails is tried again.
        silence_seconds: How long its process may give no sign of life before it is killed, and counts as failed.
    """

    scheduler: Annotated[str, Field(max_length=MAX_PATH_CHARS, pattern=r"^(tcp|tls)://[^/\s]+:\d{1,5}$")] | None = (
        Field(description="null or the address of a Dask scheduler, as tcp://127.0.0.1:8786")
    )
    workers: Annotated[int, whole(1, MAX_WORKERS)]
    retries: Annotated[int, whole(0, MAX_RETRIES)]
    silence_seconds: Annotated[int, whole(SHORTEST_SILENCE, MAX_SILENCE)]
