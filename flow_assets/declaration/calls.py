"""What a call should have been that Python refused, because it takes no such argument or lacks one."""

import inspect
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

_REFUSED = re.compile(r"(?:\w+\.)*?(\w+)(?:\.__init__)?\(\) (?:got|missing|takes) .*")
_UNKNOWN = re.compile(r"unexpected keyword argument '(\w+)'")


def call_hint(error: BaseException) -> str:
    """What the function takes that was called wrongly, and the argument that may have been meant.

    Args:
        error: as it was caught, with its traceback.

    Returns:
        An ending of a message; empty where the error is none of this kind, or of a function that is not ours.
    """
    refused = _REFUSED.match(str(error)) if isinstance(error, TypeError) else None
    function = _called(refused[1], error) if refused else None
    if function is None:
        return ""
    parameters = [
        parameter for parameter in inspect.signature(function).parameters.values() if parameter.name != "self"
    ]
    names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
    unknown = _UNKNOWN.search(str(error))
    near = get_close_matches(unknown[1], names, n=1) if unknown else []
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return f"{meant} It takes {', '.join(names)}."


def _called(name: str, error: BaseException) -> Callable[..., Any] | None:
    """The function of ours that goes by `name` where the call was written."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    scope = {**trace.tb_frame.f_globals, **trace.tb_frame.f_locals} if trace else {}
    modules = [value for value in scope.values() if inspect.ismodule(value) and value.__name__ == "flow_assets"]
    found = scope.get(name) or next((getattr(module, name, None) for module in modules), None)
    is_ours = callable(found) and str(getattr(found, "__module__", "")).startswith("flow_assets.")
    return found if is_ours else None
