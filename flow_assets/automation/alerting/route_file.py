"""The file of routes as it is written: read strictly, with every problem named by its line."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from flow_assets.declaration.durations import addable_duration
from flow_assets.errors import FlowError, RoutesError, sentence
from flow_assets.ledger.findings import AlertSeverity

Place = tuple[str | int, ...]
"""Where something stands: keys, and numbers in lists, from the top."""


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Severities = Annotated[tuple[AlertSeverity, ...], BeforeValidator(_as_list)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


class DestinationEntry(_Part):
    """One place: `apprise`, or `alertmanager` with what it wants to be shown."""

    apprise: str | None = Field(None, min_length=1, repr=False)
    alertmanager: str | None = Field(None, min_length=1, repr=False)
    username: str | None = Field(None, min_length=1, repr=False)
    password: str | None = Field(None, min_length=1, repr=False)
    token: str | None = Field(None, min_length=1, repr=False)

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.apprise is None) == (self.alertmanager is None):
            raise ValueError("give either `apprise` or `alertmanager`")
        if self.apprise and (self.username or self.password or self.token):
            raise ValueError("`username`, `password` and `token` are for `alertmanager`")
        if self.token and (self.username or self.password):
            raise ValueError("give either `token`, or `username` and `password`")
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` belong together")
        return self

    @field_validator("password", "token")
    @classmethod
    def _is_from_the_environment(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith("${") and value.endswith("}")):
            raise ValueError("a secret does not belong in this file; write ${NAME} and set that variable")
        return value


class RouteEntry(_Part):
    """Which alerts go where: those that fit everything that is given."""

    to: Names = Field(min_length=1)
    severity: Severities | None = None
    severity_at_least: AlertSeverity | None = None
    watches: Names = ()
    layers: Names = ()
    owners: Names = ()
    datasets: Names = ()
    cooldown: str = "1 day"
    resolved: bool = Field(True, strict=True)
    go_on: bool = Field(False, strict=True, alias="continue")

    @model_validator(mode="after")
    def _has_one_severity(self) -> Self:
        if self.severity is not None and self.severity_at_least is not None:
            raise ValueError("give either `severity` or `severity_at_least`")
        return self

    @field_validator("cooldown")
    @classmethod
    def _is_a_length_of_time(cls, value: str) -> str:
        try:
            addable_duration(value)
        except FlowError as error:
            raise ValueError(str(error)) from None
        return value


class RouteFile(_Part):
    """The whole file."""

    destinations: dict[Name, DestinationEntry] = Field(min_length=1)
    routes: list[RouteEntry] = Field(min_length=1)


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with the file."""

    place: Place
    message: str


@dataclass(frozen=True)
class ReadFile:
    """What was read, and where everything stands."""

    path: Path
    content: RouteFile
    lines: Mapping[Place, int]

    def require_none(self, problems: Sequence[Problem]) -> None:
        """Raise a `RoutesError` that names all `problems`, if there are any."""
        _require_none(self.path, self.lines, problems)


def read_route_file(path: Path) -> ReadFile:
    """What stands in the file at `path`.

    Raises:
        RoutesError: it cannot be read, or is not what a file of routes must be; the message names every line.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise RoutesError(f"{path}, which FLOW_ASSETS_ALERT_ROUTES names, cannot be read: {why}.") from None
    content, lines = _parse(path, text)
    try:
        return ReadFile(path, RouteFile.model_validate(content), lines)
    except ValidationError as error:
        problems = [Problem(tuple(e["loc"]), _said(e)) for e in error.errors(include_input=False, include_url=False)]
    _require_none(path, lines, problems)
    raise AssertionError("a file that cannot be validated has a problem")


def _parse(path: Path, text: str) -> tuple[Any, dict[Place, int]]:
    """The content, and the line on which each part of it stands."""
    lines: dict[Place, int] = {}
    try:
        if alias := next((token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)), None):
            line = alias.start_mark.line + 1
            raise RoutesError(f"{path}:{line}: references such as *{alias.value} are not supported; write it out.")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        twice: list[Problem] = []
        for place, line in _places(root):
            if place in lines:
                twice.append(Problem(place, f"this key is there again in line {line}; keep one"))
            lines.setdefault(place, line)
        _require_none(path, lines, twice)
        return yaml.safe_load(text), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RoutesError(f"{path}:{line}: this is no YAML: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RoutesError(f"{path}: this is no YAML: {type(error).__name__}.") from None


def _places(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _places(value, inner)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield (*place, number), item.start_mark.line + 1
            yield from _places(item, (*place, number))


def _said(error: Mapping[str, Any]) -> str:
    """What pydantic found, in words; values are not shown, as they may be secrets."""
    kind, place = error["type"], error["loc"]
    if kind == "extra_forbidden":
        allowed = _keys(place)
        near = get_close_matches(str(place[-1]), allowed, 1)
        meant = f" Did you mean `{near[0]}`?" if near else ""
        return f"there is no such key; there are {', '.join(allowed)}.{meant}"
    said = {
        "missing": "this is missing",
        "enum": f"this is none of {', '.join(AlertSeverity)}",
        "string_type": "this must be a text; put it in quotes",
        "bool_type": "this must be true or false",
        "too_short": "this must not be empty",
        "string_pattern_mismatch": "a destination's name has letters, digits, `-`, `_` and `.` only, at most 64",
        "string_too_short": "this must not be empty",
        "model_type": "this must be a block of keys",
        "dict_type": "this must be a block of keys",
        "list_type": "this must be a list, each item after a dash",
    }
    return said.get(kind) or str(error["msg"]).removeprefix("Value error, ")


def _keys(place: Sequence[Hashable]) -> list[str]:
    """The keys that are allowed where one is not."""
    part: type[BaseModel] = RouteFile
    if len(place) > 2:
        part = DestinationEntry if place[0] == "destinations" else RouteEntry
    return [field.alias or name for name, field in part.model_fields.items()]


def _require_none(path: Path, lines: Mapping[Place, int], problems: Sequence[Problem]) -> None:
    if not problems:
        return
    told = [f"{_where(path, lines, p.place)}: {sentence(p.message)}" for p in problems]
    several = "" if len(told) == 1 else f" ({len(told)} problems)"
    raise RoutesError(f"The file of alert routes cannot be used{several}:\n  " + "\n  ".join(dict.fromkeys(told)))


def _where(path: Path, lines: Mapping[Place, int], place: Place) -> str:
    """File, line and keys; of something that is missing, the line of what it is missing in."""
    known = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in lines), ())
    line = f":{lines[known]}" if known else ""
    keys = ".".join(f"{part + 1}" if isinstance(part, int) else part for part in place)
    return f"{path}{line}" + (f": {keys}" if keys else "")
