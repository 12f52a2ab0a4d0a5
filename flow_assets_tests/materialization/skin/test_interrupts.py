import signal
import threading
from collections.abc import Iterator

import pytest

from flow_assets.materialization.skin.interrupts import uninterrupted


class EndedError(Exception):
    pass


def end(number: int, frame: object) -> None:
    raise EndedError(signal.Signals(number).name)


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def ending(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    number: signal.Signals = request.param
    former = signal.signal(number, end)
    yield number
    signal.signal(number, former)


def test_a_signal_is_put_off_and_not_forgotten(ending: signal.Signals) -> None:
    done = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(ending)
            done.append("half")
            signal.raise_signal(ending)
            done.append("whole")
        done.append("more")

    with pytest.raises(EndedError, match=ending.name):
        work()
    assert done == ["half", "whole"]
    assert signal.getsignal(ending) is end


def test_without_a_signal_or_with_an_error_all_is_as_before(ending: signal.Signals) -> None:
    with uninterrupted():
        pass
    with pytest.raises(ValueError, match="bad"), uninterrupted():
        raise ValueError("bad")
    with pytest.raises(EndedError):
        signal.raise_signal(ending)


def test_other_threads_hear_no_signals_anyway() -> None:
    done: list[int] = []

    def work() -> None:
        with uninterrupted():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
