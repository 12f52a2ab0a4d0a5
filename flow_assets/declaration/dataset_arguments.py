"""What each argument of `@dataset` must be, so that one that cannot be meant is refused with what to write instead."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flow_assets.declaration.buckets import Buckets
from flow_assets.declaration.deadlines import Deadline
from flow_assets.declaration.inputs import Input
from flow_assets.declaration.partitions import Partitions
from flow_assets.declaration.schema import DatasetSchema
from flow_assets.declaration.sources import Landed
from flow_assets.errors import DefinitionError

_OWNER = re.compile(r"team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+")

_KINDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "schema",
        lambda v: isinstance(v, type) and issubclass(v, DatasetSchema),
        "a class of yours that derives from `DatasetSchema`",
    ),
    (
        "sort_by",
        lambda v: isinstance(v, list | tuple) and all(isinstance(name, str) for name in v),
        'a list of columns, such as `["order_id"]`',
    ),
    (
        "partitions",
        lambda v: v is None or isinstance(v, Partitions),
        'partitions, such as `DailyPartitions("2024-01-01")`',
    ),
    (
        "ins",
        lambda v: v is None or (isinstance(v, Mapping) and all(isinstance(i, Input) for i in v.values())),
        'inputs by name, such as `{"orders": lookback(days=1)}`',
    ),
    ("source", lambda v: v is None or isinstance(v, Landed), '`landed("...")`'),
    (
        "buckets",
        lambda v: v is None or isinstance(v, Buckets),
        '`hash_buckets("...", 8)` or `range_buckets("...", [...])`',
    ),
    (
        "owners",
        lambda v: isinstance(v, list | tuple) and all(isinstance(o, str) and _OWNER.fullmatch(o) for o in v),
        'e-mail addresses or teams, such as `("team:orders",)`',
    ),
    (
        "deadline",
        lambda v: v is None or isinstance(v, str | Deadline),
        'a length of time, such as `"6 hours"`, or a time of day, such as `by("08:00")`',
    ),
)
"""What each argument must be, as it is tested and as people are told."""


def require_kinds(location: str, given: Mapping[str, Any]) -> None:
    """Each argument is of its kind.

    Raises:
        DefinitionError: one is not.
    """
    for name, is_fit, what in _KINDS:
        if not is_fit(given[name]):
            raise DefinitionError(f"{location}: `{name}` must be {what}, not {given[name]!r}.")
