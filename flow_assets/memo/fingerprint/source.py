"""Which tree is a function or class the compiled form of?

Found by the line and name that the compiled code states, among several on one line by its positions. The loaded code is
what will run: if the file no longer compiles to it, the file was edited after its import, and the fingerprint fails
rather than describe other code. Not compared are modules that another loader than Python's own has loaded (pytest
rewrites assertions), and the fields of a class without methods, since Python keeps no trace of the code that made them.
"""

import ast
import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from flow_assets.memo.fingerprint.canonical import canonicalize, decorators_of
from flow_assets.memo.fingerprint.part import Unfollowable
from flow_assets.memo.fingerprint.references import References, references
from flow_assets.memo.fingerprint.scopes import Function

Definition = Function | ast.ClassDef | ast.Module


@dataclass(frozen=True)
class Code:
    """One function, lambda, class or module as its file has it.

    Attributes:
        tree: the canonical tree.
        lines: first and last line in the file.
    """

    tree: Definition
    lines: tuple[int, int]

    @cached_property
    def source(self) -> str:
        """Canonical source text."""
        return ast.unparse(self.tree)

    @cached_property
    def references(self) -> References:
        """The names outside of itself that the code refers to."""
        return references(self.tree)


@dataclass
class SourceFile:
    """The definitions in one file.

    Attributes:
        compiled: code objects by first line and qualified name.
    """

    content: bytes
    module: Code
    functions: dict[tuple[int, str], list[Code]] = field(default_factory=dict)
    classes: dict[str, list[Code]] = field(default_factory=dict)
    compiled: dict[tuple[int, str], list[CodeType]] = field(default_factory=dict)


def function_code(function: FunctionType, ignored_decorators: tuple[str, ...]) -> Code:
    """The source of a function or lambda.

    Raises:
        Unfollowable: there is none, or it is not what was loaded.
    """
    code = function.__code__
    file = source_file(code.co_filename, ignored_decorators)
    if _is_comparable(function.__globals__) and code not in file.compiled.get(
        (code.co_firstlineno, code.co_qualname), ()
    ):
        raise Unfollowable(f"{_short(code.co_filename)} was edited after it was imported; import it again")
    found = file.functions.get((code.co_firstlineno, code.co_name), [])
    if len(found) > 1:
        found = _innermost_around(code, found)
    if len(found) != 1:
        raise Unfollowable(f"its source is not found in {_short(code.co_filename)}; import it again")
    return found[0]


def class_code(cls: type, module: ModuleType, ignored_decorators: tuple[str, ...]) -> list[Code]:
    """The class statements that may have made a class: one, or several of that name that its methods do not tell apart.

    Raises:
        Unfollowable: its methods are not what the file has.
    """
    filename = getattr(module, "__file__", None)
    if not filename:
        return []
    file = source_file(filename, ignored_decorators)
    found = file.classes.get(cls.__qualname__, [])
    codes = [f.__code__ for f in vars(cls).values() if isinstance(f, FunctionType)]
    own = [c for c in codes if c.co_filename == filename and c.co_qualname.startswith(cls.__qualname__ + ".")]
    if _is_comparable(vars(module)) and any(
        c not in file.compiled.get((c.co_firstlineno, c.co_qualname), ()) for c in own
    ):
        raise Unfollowable(f"{_short(filename)} was edited after it was imported; import it again")
    around = [c for c in found if any(c.lines[0] <= method.co_firstlineno <= c.lines[1] for method in own)]
    return around or found


_files: dict[tuple[str, tuple[str, ...]], SourceFile] = {}


def source_file(filename: str, ignored_decorators: tuple[str, ...]) -> SourceFile:
    """The definitions in a file, parsed again only if its content has changed."""
    content = _content(filename)
    key = (filename, ignored_decorators)
    if key not in _files or _files[key].content != content:
        _files[key] = _parse(content, filename, ignored_decorators)
    return _files[key]


def _content(filename: str) -> bytes:
    try:
        return Path(filename).read_bytes()
    except OSError:
        lines = linecache.getlines(filename)  # cells of a notebook, modules in an archive
    if not lines:
        raise Unfollowable("it has no source")
    return "".join(lines).encode()


def _parse(content: bytes, filename: str, ignored_decorators: tuple[str, ...]) -> SourceFile:
    try:
        tree = ast.parse(content, filename)
        compiled = compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise Unfollowable(f"{_short(filename)} cannot be parsed ({error})") from error
    file = SourceFile(content, Code(tree, (1, content.count(b"\n") + 1)))
    _index(file, tree, "")
    for code in _codes(compiled):
        file.compiled.setdefault((code.co_firstlineno, code.co_qualname), []).append(code)
    canonicalize(tree, decorators_of(tree, ignored_decorators))
    return file


def _index(file: SourceFile, node: ast.AST, prefix: str) -> None:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, Function):
            name = "<lambda>" if isinstance(child, ast.Lambda) else child.name
            first = _first_line(child)
            file.functions.setdefault((first, name), []).append(Code(child, (first, child.end_lineno or first)))
            inner = f"{prefix}{name}.<locals>."
        elif isinstance(child, ast.ClassDef):
            lines = (_first_line(child), child.end_lineno or child.lineno)
            file.classes.setdefault(prefix + child.name, []).append(Code(child, lines))
            inner = f"{prefix}{child.name}."
        _index(file, child, inner)


def _first_line(node: Function | ast.ClassDef) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _innermost_around(code: CodeType, candidates: list[Code]) -> list[Code]:
    """Of several lambdas on one line, the smallest that encloses every position of the compiled code."""
    places = [p for p in code.co_positions() if None not in p and p[2] != p[3]]
    starts = [(line, column) for line, _, column, _ in places if line is not None and column is not None]
    ends = [(line, column) for _, line, _, column in places if line is not None and column is not None]
    if not starts:
        return []
    spans = [(*_span(c.tree), c) for c in candidates if isinstance(c.tree, ast.Lambda)]
    around = [(end, start, c) for start, end, c in spans if start <= min(starts) and max(ends) <= end]
    return [min(around, key=lambda found: (found[0], [-n for n in found[1]]))[2]] if around else []


def _span(node: ast.Lambda) -> tuple[tuple[int, int], tuple[int, int]]:
    body = node.body
    return (body.lineno, body.col_offset), (body.end_lineno or body.lineno, body.end_col_offset or 0)


def _is_comparable(module_globals: dict[str, object]) -> bool:
    name = str(module_globals.get("__name__"))
    loader = module_globals.get("__loader__") or getattr(sys.modules.get(name), "__loader__", None)
    return type(loader) is SourceFileLoader


def _short(filename: str) -> str:
    return Path(filename).name
