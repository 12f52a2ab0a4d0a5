"""What is the code of a dataset? One digest of a function and of everything first-party that it refers to.

The digest changes with whatever can change the result: the function's canonical syntax tree, helpers, constants with
their types, closures, defaults, decorators, classes with their bases and fields, attributes of modules, imports inside
bodies. It does not change with comments, docstrings, formatting, annotations nobody reads, or the place of a checkout.
What cannot be followed is a `FingerprintError`, never a guess.

Followed is all code that is not installed. Third-party code counts by its distribution (`Fingerprint.packages`, whose
versions the key adds), the standard library by Python's version, flow_assets itself by versions raised by hand.

Not seen, so to be named in `depends_on`: files that a function reads (a path there stands for the file's content); what
a module does to others when imported; methods that a library finds by name (pandas accessors, database functions).
"""

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flow_assets.memo.fingerprint.canonical import DATASET_DECORATORS
from flow_assets.memo.fingerprint.difference import Change, diff
from flow_assets.memo.fingerprint.packages import root_of, territory
from flow_assets.memo.fingerprint.part import Edge
from flow_assets.memo.fingerprint.tree import Fingerprint, Node, render_tree
from flow_assets.memo.fingerprint.walk import Ignored, Walk, dependency

__all__ = ["Change", "Fingerprint", "Node", "diff", "fingerprint", "fingerprint_value", "render_tree"]


def fingerprint(
    function: Callable[..., Any],
    *,
    root: Path | None = None,
    code_version: str | None = None,
    depends_on: tuple[Any, ...] = (),
    ignore: tuple[Any, ...] = (),
    ignore_decorators: tuple[str, ...] = DATASET_DECORATORS,
) -> Fingerprint:
    """Identity of a function's code and of everything it refers to.

    Args:
        function: any callable whose source is at hand.
        root: the project's folder; by default the one that contains the function's top-level package.
        code_version: stands for the function and what it refers to; nothing of them is looked at.
        depends_on: further objects that count; a path stands for the content of that file, a module of ours for all
            of it.
        ignore: what does not count: objects, names in the function's module, or dotted names (`package.module.NAME`,
            `package.module.Class.attribute`).
        ignore_decorators: full names of decorators whose arguments are accounted for elsewhere.

    Raises:
        FingerprintError: the code refers to something whose content cannot be read; the message says by which way.
    """
    module, file = _home(function)
    places = territory(root or root_of(module, file))
    walk = Walk(places, ignore_decorators, Ignored(ignore, module))
    further = tuple(
        walk.node(Edge(f"depends_on {position}", dependency(target, places)))
        for position, target in enumerate(depends_on)
    )
    name = f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    own = Node.of("code_version", name, code_version) if code_version is not None else walk.node(Edge(name, function))
    root_node = Node.of(own.kind, own.name, own.source, (*own.children, *further)) if further else own
    return Fingerprint(root_node.digest, root_node, tuple(sorted(walk.packages)))


def fingerprint_value(name: str, value: Any, module: str) -> str:
    """A text that two values share only if they are equal and of the same type; of plain ones, the value itself.

    Args:
        name: how the value is known, for messages.
        value: what `fingerprint` can follow.
        module: in whose project the value's own classes are first-party.

    Raises:
        FingerprintError: it has no content that can be read.
    """
    places = territory(root_of(module, str(getattr(sys.modules.get(module), "__file__", ""))))
    node = Walk(places, DATASET_DECORATORS, Ignored((), module)).node(Edge(name, value))
    return node.digest if node.children else node.source


def _home(function: Callable[..., Any]) -> tuple[str, str]:
    """The module and the file of a function, below the wrappers that others' decorators have made of it."""
    inner = inspect.unwrap(function)
    while isinstance(inner, functools.partial):
        inner = inspect.unwrap(inner.func)
    code = getattr(inner, "__code__", None)
    return str(inner.__module__), str(getattr(code, "co_filename", ""))
