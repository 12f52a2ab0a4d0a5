"""What people write as arguments of a rule, refused at once where it cannot be meant, with what to write instead."""

import re
from collections.abc import Collection, Iterable, Mapping, Set
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from flow_assets.errors import DefinitionError

_Named = TypeVar("_Named", bound=StrEnum)
_CANNOT_BE_NAMED = re.compile(r"[\s,;]")


def require_known(given: Collection[str], known: Collection[str]) -> None:
    """No option has a name that is none.

    Raises:
        DefinitionError: one has; the message suggests the nearest.
    """
    if unknown := sorted(set(given) - set(known)):
        near = get_close_matches(unknown[0], known, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise DefinitionError(f"A rule takes no {', '.join(unknown)}; it takes {', '.join(known)}.{meant}")


def require_named(name: Any) -> None:
    """A name can be told from others in a list and typed in a shell.

    Raises:
        DefinitionError: it is no text, is empty, or has a blank, comma or semicolon.
    """
    if not isinstance(name, str) or not name or _CANNOT_BE_NAMED.search(name):
        raise DefinitionError(
            f"name={name!r} names no rule: write a text without blanks, commas and semicolons, such as "
            '"ends_after_it_begins"; what else is to be said goes into `description`.'
        )


def given_name(kind: str, options: Mapping[str, Any]) -> str:
    """The name that a rule has to be given, since none can be made of what it demands.

    Raises:
        DefinitionError: none is given.
    """
    if "name" not in options:
        raise DefinitionError(f'{kind}(...) needs a name that says what holds: name="ends_after_it_begins".')
    return str(options["name"])


def one_of(kind: type[_Named], value: str) -> _Named:
    """The member of `kind` that has this value.

    Raises:
        DefinitionError: none has.
    """
    try:
        return kind(value)
    except ValueError:
        raise DefinitionError(f"{value!r} is no {kind.__name__.lower()}; take one of {', '.join(kind)}.") from None


def several(values: Any) -> tuple[Any, ...]:
    """A list of values that is one, and not empty; a set, which has another order in each process, is sorted.

    Raises:
        DefinitionError: it is none, or empty.
    """
    if isinstance(values, str) or not isinstance(values, Iterable) or not (several := tuple(values)):
        raise DefinitionError(f"{values!r} is no list of values; write it as a list.")
    return tuple(sorted(several, key=repr)) if isinstance(values, Set) else several


def require_texts(call: str, **given: Any) -> None:
    """Each argument is a text, and not an empty one.

    Raises:
        DefinitionError: one is not.
    """
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise DefinitionError(f"{call}: {name}={value!r} is no text; write it in quotes.")


def require_counts(call: str, **given: Any) -> None:
    """Each argument is a whole number or None.

    Raises:
        DefinitionError: one is not.
    """
    for name, value in given.items():
        if value is not None and type(value) is not int:
            raise DefinitionError(f"{call}: {name}={value!r} is no whole number; write it without quotes or a point.")


def require_number(call: str, **given: Any) -> None:
    """Each argument is a finite number.

    Raises:
        DefinitionError: one is not.
    """
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise DefinitionError(f"{call}: {name}={value!r} is no finite number; write one such as 0.5.")


def require_order(min_value: Any, max_value: Any) -> None:
    """Some value can lie between the bounds.

    Raises:
        DefinitionError: none can, or one bound cannot be compared with the other.
    """
    call = f"in_range({min_value!r}, {max_value!r})"
    try:
        is_ordered = bool(min_value <= max_value)
    except TypeError:
        raise DefinitionError(f"{call}: its bounds cannot be compared; give two values of the column's type.") from None
    if not is_ordered:
        raise DefinitionError(f"{call} holds nothing; give the smaller bound first.")


def require_function(function: Any, is_named: bool) -> None:
    """A Python rule has a function, and a name where the function has none.

    Raises:
        DefinitionError: it has not.
    """
    if not callable(function):
        raise DefinitionError(
            f"python_rule({function!r}) takes a function and not its name or result: python_rule(no_spike), where "
            "`no_spike` is a function above that takes the column and returns which values pass."
        )
    if getattr(function, "__name__", "") == "<lambda>" and not is_named:
        raise DefinitionError('python_rule(lambda ...) needs a name that says what holds: name="has_no_spike".')


def require_mapping(dataset: Any, on: Any) -> None:
    """`on` of a reference names columns by columns.

    Raises:
        DefinitionError: it does not.
    """
    require_texts(f"references({dataset!r}, ...)", dataset=dataset)
    is_fit = isinstance(on, Mapping) and on and all(isinstance(name, str) for pair in on.items() for name in pair)
    if not is_fit:
        column = on if isinstance(on, str) else "meter"
        got = "It has no `on`" if on is None else f"on={on!r} is none"
        raise DefinitionError(
            f"references({dataset!r}, ...) needs a column here for each there: "
            f'on={{"{column}": "{column}"}}, first the one here. {got}.'
        )
