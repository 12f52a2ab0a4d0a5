"""The last time that is known: that of the latest look, of whichever watch, unless the clock was wrong then."""

from sqlalchemy import Connection, delete, insert, select

from flow_assets.ledger.alert_tables import looks

SET_BACK_SECONDS = 24 * 3600.0
"""A clock that is further behind was wrong before, and what it said then counts no longer."""


def note_look(connection: Connection, environment: str, now: float) -> float:
    """Take down that a look was taken at `now`, in the transaction of `connection`.

    Returns:
        The last time known, Unix time in seconds: `now`, or as much as a day later, if the clock was set back. A later
        time that the ledger still names was given by a clock that was wrong.
    """
    its = looks.c.environment == environment
    before = connection.scalar(select(looks.c.at).where(its))
    last = before if before is not None and now < before <= now + SET_BACK_SECONDS else now
    if last != before:
        connection.execute(delete(looks).where(its))
        connection.execute(insert(looks), [{"environment": environment, "at": last}])
    return last
