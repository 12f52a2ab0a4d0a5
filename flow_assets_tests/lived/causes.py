"""What goes wrong with a drip, what is to be told of it, and how it is mended."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest.mock import patch

from flow_assets_tests.lived.life import MINUTE, PACE, Life

Story = Callable[[Life], Iterator["Cause"]]
"""Makes something go wrong, says what is to be told, and mends it when it is asked to go on."""


@dataclass(frozen=True)
class Cause:
    """What is to be told.

    Attributes:
        identity: the alert's.
        title: what the webhook is told, at its beginning.
        goes_on: whether later days come as ever meanwhile.
    """

    identity: str
    title: str
    goes_on: bool = True


def skipped_day(life: Life) -> Iterator[Cause]:
    life.wait(PACE)
    skipped, last = life.land_next(2)
    life.file(skipped).unlink()
    life.run()
    yield Cause(f"late raw_departures {skipped}", f"WARNING: raw_departures: {skipped} is late")
    life.land_again(last)
    life.run()


def late_day(life: Life) -> Iterator[Cause]:
    last = life.drip()
    late = f"{last[:-2]}{int(last[-2:]) + 1:02}"
    life.wait(PACE + 2 * MINUTE)
    for _ in range(40):
        if any(look.findings for look in life.watch(every=5 * MINUTE)):
            break
    yield Cause(f"late raw_departures {late}", f"WARNING: raw_departures: {late} is late", goes_on=False)
    assert life.land_next() == [late]
    life.run()


def shrunken_file(life: Life) -> Iterator[Cause]:
    life.wait(PACE)
    (day,) = life.land_next()
    life.rewrite(day, lambda lines: lines[:40])
    life.run()
    yield Cause(
        "kept back raw_departures: row_count",
        f"CRITICAL: raw_departures {day} kept back: row_count",
    )
    life.land_again(day)
    life.run()


def damaged_file(life: Life) -> Iterator[Cause]:
    life.wait(PACE)
    (day,) = life.land_next()
    whole = life.file(day).read_bytes()
    life.file(day).write_bytes(whole[: len(whole) // 2])
    life.run()
    yield Cause("failed raw_departures: ", f"CRITICAL: raw_departures {day} failed: ")
    life.land_again(day)
    life.run()


def failing_check(life: Life) -> Iterator[Cause]:
    life.wait(PACE)
    (day,) = life.land_next()
    life.rewrite(day, lambda lines: [lines[0], *(line.replace(",JFK,", ",ZZZ,") for line in lines[1:])])
    life.run()
    yield Cause("warned raw_departures", f"WARNING: raw_departures {day} breaks: ")
    life.land_again(day)
    life.run()


def slow_call(life: Life) -> Iterator[Cause]:
    with patch.dict(os.environ, DRIP_PAUSE="4"):
        life.drip()
    yield Cause("slow distances", "WARNING: distances took ", goes_on=False)
    life.drip()


def slow_function(life: Life) -> Iterator[Cause]:
    life.sandbox.edit("pace.py", "SECONDS = 0.0", "SECONDS = 3.0")
    life.drip()  # all days are computed again, and nobody knows yet how long so many take
    life.drip()
    yield Cause("code of distances ", "WARNING: distances ")
    life.sandbox.edit("pace.py", "SECONDS = 3.0", "SECONDS = 0.0")
    life.drip()


STORIES: tuple[Story, ...] = (
    skipped_day,
    late_day,
    shrunken_file,
    damaged_file,
    failing_check,
    slow_call,
    slow_function,
)
