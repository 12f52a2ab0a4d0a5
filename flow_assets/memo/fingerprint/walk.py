"""From a function to its fingerprint: everything it refers to, and everything that refers to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from flow_assets.errors import FingerprintError
from flow_assets.memo.fingerprint.describe import Describer
from flow_assets.memo.fingerprint.packages import Territory
from flow_assets.memo.fingerprint.part import Content, Edge, Part, Unfollowable, WholeModule
from flow_assets.memo.fingerprint.tree import Node, sha256

_PLAIN = (type(None), bool, int, float, complex, str, bytes)


class Ignored:
    """What a dataset's `ignore` names: objects, and dotted names or names of the function's own module."""

    def __init__(self, ignore: tuple[Any, ...], module: str) -> None:
        names = {name for name in ignore if isinstance(name, str)}
        self._names = {name if "." in name else f"{module}.{name}" for name in names}
        self._objects = [target for target in ignore if not isinstance(target, str)]

    def covers(self, target: object) -> bool:
        """Whether the object itself was given."""
        return not isinstance(target, _PLAIN) and any(target is ignored for ignored in self._objects)

    def covers_edge(self, edge: Edge) -> bool:
        """Whether what an edge leads to, or the name it is known as, was given."""
        target = edge.target
        own = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', '')}" if callable(target) else ""
        return self.covers(target) or edge.known_as in self._names or own in self._names


class Walk:
    """Builds the tree below one function; each piece of code is expanded where it is met first.

    Attributes:
        packages: names of the distributions met so far.
    """

    def __init__(self, territory: Territory, ignored_decorators: tuple[str, ...], ignored: Ignored) -> None:
        self.packages: set[str] = set()
        self._ignored = ignored
        self._describer = Describer(territory, ignored_decorators, ignored.covers)
        self._seen: dict[int, str] = {}
        self._alive: list[object] = []
        self._path: list[tuple[str, Part | None]] = []

    def node(self, edge: Edge) -> Node:
        """The node of what an edge leads to.

        Raises:
            FingerprintError: it has no content that can be fingerprinted.
        """
        if self._ignored.covers_edge(edge):
            return Node.of("ignored", edge.label)
        if name := self._seen.get(id(edge.target)):
            return _named(edge.label, "", Node.of("seen", name))
        with self._going_to(edge):
            part = self._describer.part(edge.label, edge.target)
            self._path[-1] = (edge.label, part)
            name = self._remember(edge.target, part) if part.is_shared else part.name
            self.packages |= {part.distribution} if part.distribution else set()
            children = tuple(child for below in part.edges for child in self._below(below))
        return _named(edge.label, part.own_name, Node.of(part.kind, name, part.source, children))

    def _below(self, edge: Edge) -> Iterator[Node]:
        if not edge.is_optional:
            yield self.node(edge)
            return
        seen, packages = dict(self._seen), set(self.packages)
        try:
            yield self.node(edge)
        except FingerprintError:
            self._seen, self.packages = seen, packages

    def _remember(self, target: object, part: Part) -> str:
        """The name of a piece of code, numbered if others of the same name came before it."""
        same = sum(name.partition("#")[0] == part.name for name in self._seen.values())
        name = f"{part.name}#{same + 1}" if same else part.name
        self._alive.append(target)
        self._seen[id(target)] = name
        return name

    @contextmanager
    def _going_to(self, edge: Edge) -> Iterator[None]:
        self._path.append((edge.label, None))
        try:
            yield
        except Unfollowable as problem:
            raise FingerprintError(self._message(str(problem), edge)) from problem
        except RecursionError as problem:
            raise FingerprintError(self._message("it is nested too deeply", edge)) from problem
        finally:
            self._path.pop()

    def _where(self, edge: Edge) -> str:
        parts = [part for _, part in self._path[:-1] if part and part.file]
        if parts:
            return f"{parts[-1].file}:{edge.line or parts[-1].line}"
        code = getattr(edge.target, "__code__", None)
        file = getattr(code, "co_filename", "the dataset's declaration")
        return f"{self._describer.territory.relative(file)}:{code.co_firstlineno}" if code else str(file)

    def _message(self, problem: str, edge: Edge) -> str:
        labels = [label for label, _ in self._path]
        where = self._where(edge)
        name = edge.known_as or edge.label
        return (
            f"{' -> '.join(labels)}: {problem} ({where}), so that no fingerprint can be made. Ways "
            f"out: make it inside the function; `ignore=({name!r},)` if what it holds does not matter, with "
            '`depends_on=(...)` naming what it is made from if that does; or `code_version="1"`, raised by hand with '
            "each change of the code."
        )


def dependency(target: Any, territory: Territory) -> object:
    """What a dataset names in `depends_on`: a path stands for the file's content, a module for all of it.

    Raises:
        FingerprintError: the file cannot be read.
    """
    if isinstance(target, ModuleType):
        place = territory.place_of_module(target)
        return WholeModule(target) if place is None or place.is_followed else target
    if not isinstance(target, PurePath):
        return target
    try:
        return Content(territory.relative(str(target)), sha256(Path(target).read_bytes()))
    except OSError as error:
        raise FingerprintError(f"depends_on: the file {target} cannot be read: {error}.") from error


def _named(label: str, own_name: str, node: Node) -> Node:
    """The node, below the name it is known by where that is another one: `run = fast` differs from `run = slow`."""
    if label in (node.name, own_name) or node.kind in ("constant", "undefined"):
        return node
    stands_for = re.sub(r"#\d+$", "", node.name)
    return Node.of("name", label, stands_for, (node,))
