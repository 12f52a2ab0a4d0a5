"""What changed between two fingerprints: by name, with a unified diff of the canonical sources."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flow_assets.memo.fingerprint.tree import Fingerprint, Node


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Attributes:
        name: of code its `module.qualname`, of a constant the code that refers to it and its name there.
        diff: unified diff of the canonical sources; empty where neither has one.
    """

    name: str
    kind: str
    what: Literal["changed", "added", "removed"]
    diff: str


def diff(old: Fingerprint, new: Fingerprint) -> tuple[Change, ...]:
    """What differs between two fingerprints, in the order of the new tree, then what is gone."""
    if old.digest == new.digest:
        return ()
    before, after = dict(_named(old.root)), dict(_named(new.root))
    changes = [
        _change(name, before.get(name), node) for name, node in after.items() if _differs(before.get(name), node)
    ]
    changes += [_change(name, node, None) for name, node in before.items() if name not in after]
    return tuple(changes) or (Change(new.root.name, new.root.kind, "changed", ""),)


_CODE = {"function", "class", "module", "code_version"}


def _named(node: Node, owner: str = "", is_root: bool = True) -> Iterator[tuple[str, Node]]:
    """Each node under a name that does not depend on where in the tree it was first met."""
    if node.kind == "seen":
        return
    name = "(root)" if is_root else node.name if node.kind in _CODE or not owner else f"{owner} -> {node.name}"
    yield name, node
    for child in node.children:
        yield from _named(child, node.name if is_root else name, is_root=False)


def _differs(old: Node | None, new: Node) -> bool:
    return old is None or (old.kind, old.name, old.source) != (new.kind, new.name, new.source)


def _change(name: str, old: Node | None, new: Node | None) -> Change:
    shown = new or old
    assert shown is not None
    what: Literal["changed", "added", "removed"] = "added" if old is None else "removed" if new is None else "changed"
    return Change(shown.name if name == "(root)" else name, shown.kind, what, _unified(name, old, new))


def _unified(name: str, old: Node | None, new: Node | None) -> str:
    before, after = (_lines(node) for node in (old, new))
    return "\n".join(difflib.unified_diff(before, after, f"{name} (before)", f"{name} (after)", lineterm=""))


def _lines(node: Node | None) -> list[str]:
    """The lines to compare; those of a long text, such as a query, are told apart too."""
    return node.source.replace("\\n", "\n").splitlines() if node else []
