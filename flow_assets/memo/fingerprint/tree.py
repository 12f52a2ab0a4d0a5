"""What a fingerprint consists of: a tree of everything the code refers to, which can be stored, compared and shown."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Node:
    """One thing that the code consists of or refers to.

    Attributes:
        kind: "function", "class", "constant", "name" (another name for its only child), "package", "stdlib", "builtin",
            "machinery", "undefined", "module", "code_version", "ignored", or "seen" (shown earlier in the tree).
        name: `module.qualname` of code, otherwise the name under which the parent knows it.
        digest: SHA-256 (hex) of kind, name, source and children.
        source: canonical source text of code, canonical text of a constant, otherwise what the name stands for.
    """

    kind: str
    name: str
    digest: str
    source: str
    children: tuple["Node", ...] = ()

    @classmethod
    def of(cls, kind: str, name: str, source: str = "", children: tuple["Node", ...] = ()) -> Self:
        """A node with its digest; a source too long to keep is shown by its beginning and its own digest."""
        content = json.dumps([kind, name, source, [child.digest for child in children]])
        return cls(kind, name, sha256(content), _shortened(source), children)

    def to_json(self) -> dict[str, Any]:
        """A value `json` can write; empty fields are left out."""
        fields: dict[str, Any] = {"kind": self.kind, "name": self.name, "digest": self.digest}
        if self.source:
            fields["source"] = self.source
        if self.children:
            fields["children"] = [child.to_json() for child in self.children]
        return fields

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The node that `to_json` was called on."""
        children = tuple(cls.from_json(child) for child in fields.get("children", ()))
        return cls(fields["kind"], fields["name"], fields["digest"], fields.get("source", ""), children)


@dataclass(frozen=True)
class Fingerprint:
    """Identity of a function's code.

    Attributes:
        digest: SHA-256 (hex); equal for code that does the same for a reason we can see, in any process on any machine.
        root: the function, with everything it refers to below it.
        packages: names of the third-party distributions the code refers to, sorted; their versions are not in `digest`.
    """

    digest: str
    root: Node
    packages: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A value `json` can write."""
        return {"digest": self.digest, "packages": list(self.packages), "root": self.root.to_json()}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """The fingerprint that `to_json` was called on."""
        return cls(fields["digest"], Node.from_json(fields["root"]), tuple(fields["packages"]))


def render_tree(fingerprint: Fingerprint) -> str:
    """The tree as lines of text, for people: kind, name, beginning of the digest, and the value of short constants."""
    lines = [_line(fingerprint.root), *_branches(fingerprint.root, "")]
    if fingerprint.packages:
        lines.append(f"packages: {', '.join(fingerprint.packages)}")
    return "\n".join(lines)


def sha256(content: str | bytes) -> str:
    """SHA-256 (hex) of bytes, or of text that may hold lone surrogates."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


_LONGEST_SOURCE = 20_000


def _shortened(source: str) -> str:
    if len(source) <= _LONGEST_SOURCE:
        return source
    return f"{source[:2_000]}... ({len(source)} characters, sha256 {sha256(source)})"


def _branches(node: Node, indent: str) -> Iterator[str]:
    for position, child in enumerate(node.children, start=1):
        is_last = position == len(node.children)
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_line(child)}"
        yield from _branches(child, indent + ("   " if is_last else "│  "))


def _line(node: Node) -> str:
    is_short = node.kind not in ("function", "class", "module") and "\n" not in node.source and len(node.source) <= 60
    value = f" = {node.source}" if node.source and is_short else ""
    return f"{node.kind} {node.name}{value} [{node.digest[:10]}]"
