"""A process that is asked to end does, whatever it is at when the signal comes."""

import signal
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest
from keras.src.saving import saving_lib

from convnets.harness.exits import orderly_end
from convnets.harness.hooks import SignalHooks
from convnets.harness.progress import Bar
from convnets.harness.signals import end_if_asked, end_on

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of this process come back."""
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    end_on()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_that_keras_swallows_while_it_saves_ends_the_run_at_its_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_memory_sufficient(_: keras.Model) -> bool:
        signal.raise_signal(signal.SIGTERM)
        return True

    monkeypatch.setattr(saving_lib, "is_memory_sufficient", is_memory_sufficient)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    bar = Bar(2, "batches", "fcn")
    with orderly_end():
        model.save(tmp_path / "model.keras")
        with pytest.raises(SystemExit) as ended:
            bar.advance()
    assert ended.value.code == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", ENDING)
def test_the_next_node_is_not_run(number: int) -> None:
    raised = KeyboardInterrupt if number == signal.SIGINT else SystemExit
    with orderly_end():
        with pytest.raises(raised):
            signal.raise_signal(number)
        with pytest.raises(raised):
            SignalHooks().before_node_run()


def test_a_run_outlives_its_terminal_under_nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with orderly_end():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.raise_signal(signal.SIGHUP)
        end_if_asked()


def test_a_signal_of_an_earlier_command_does_not_end_this_one() -> None:
    with pytest.raises(SystemExit), orderly_end():
        signal.raise_signal(signal.SIGTERM)
    with orderly_end():
        end_if_asked()
