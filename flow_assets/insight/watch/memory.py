"""Remembers the last answer to what is asked at every look, as long as the question stays the same."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import func, select

from flow_assets.ledger import tables
from flow_assets.ledger.database import reading
from flow_assets.ledger.times import ledger_time
from flow_assets.materialization.project import Project

_MOST_PLACES = 1_000
_ANSWERS: dict[Hashable, tuple[Hashable, Any]] = {}

_Answer = TypeVar("_Answer")


def remembered(place: Hashable, question: Hashable, answer: Callable[[], _Answer]) -> _Answer:
    """The answer to `question`; only the last question of a `place` is remembered, so memory does not grow."""
    known = _ANSWERS.get(place)
    if known is not None and known[0] == question:
        return cast(_Answer, known[1])
    found = answer()
    if len(_ANSWERS) >= _MOST_PLACES:
        _ANSWERS.clear()
    _ANSWERS[place] = (question, found)
    return found


def place_of(project: Project) -> tuple[str, str]:
    """What tells the history of one deployment from those of others in this process."""
    return str(project.engine.url), project.settings.environment


def stamp(project: Project, now: datetime) -> tuple[Hashable, ...]:
    """What changes whenever a KPI comes: the last one's number, and the time of the last one until `now`."""
    kpis = tables.kpis
    of_environment = kpis.c.environment == project.settings.environment
    last = select(func.max(kpis.c.id))
    latest = select(kpis.c.at).where(of_environment, kpis.c.at <= ledger_time(now)).order_by(kpis.c.at.desc()).limit(1)
    with reading(project.engine) as connection:
        return connection.scalar(last), connection.scalar(latest)
