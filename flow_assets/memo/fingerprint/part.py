"""What is known of one object before what it refers to is followed."""

from dataclasses import dataclass
from types import ModuleType

ROOT = "<root>"
"""Stands for the checkout's folder in canonical text, which must not depend on where that is."""


class Unfollowable(Exception):  # noqa: N818 - the walk turns it into a FingerprintError, with the way that led there
    """This object has no content that can be fingerprinted; the message continues "X: "."""


class Undefined:
    """Stands for a name that has no value yet."""


UNDEFINED = Undefined()


@dataclass(frozen=True)
class Outside:
    """Something in a module that is not followed.

    Attributes:
        kind: "stdlib", "builtin", "package" or "machinery".
        distribution: name of the third-party distribution, for a package.
    """

    kind: str
    name: str
    distribution: str | None = None


@dataclass(frozen=True)
class Content:
    """The bytes of a file that a dataset names in `depends_on`."""

    name: str
    digest: str


@dataclass(frozen=True)
class WholeModule:
    """A module of ours that a dataset names in `depends_on`: all of it counts."""

    module: ModuleType


@dataclass(frozen=True)
class Edge:
    """A reference from one object to another.

    Attributes:
        label: how the code calls it: `helpers.clean`, `default of limit`, `.attribute`, `['key']`.
        line: line of the reference in the file of the object that refers; 0 if it has none.
        known_as: `module.name`, by which `ignore` can name it; empty if nothing can.
        is_optional: the referring object's source also holds the expression that made the target, so that a target
            which cannot be followed is left out.
    """

    label: str
    target: object
    line: int = 0
    known_as: str = ""
    is_optional: bool = False


@dataclass(frozen=True)
class Part:
    """One object, described without what it refers to.

    Attributes:
        own_name: qualified name within its module; a reference by another name is recorded.
        is_shared: the object is expanded once in a tree, where it is met first.
        file: where its source lies, relative to the project's folder.
    """

    kind: str
    name: str
    source: str = ""
    edges: tuple[Edge, ...] = ()
    own_name: str = ""
    is_shared: bool = False
    file: str = ""
    line: int = 0
    distribution: str | None = None
