"""The syntax tree without what cannot change a result: comments, docstrings, positions, most annotations, `@dataset`.

Annotations stay where something may read them: in class bodies, and on functions with a decorator that might (of
pydantic, of pandera, of `singledispatch`); decorators known not to are listed here.
"""

import ast
from dataclasses import dataclass

from flow_assets.memo.fingerprint.scopes import bindings

DATASET_DECORATORS = (
    "flow_assets.dataset",
    "flow_assets.declaration.dataset",
    "flow_assets.declaration.dataset.dataset",
)
"""Decorators whose arguments are in a dataset's key by another way."""

_READS_NO_ANNOTATIONS = {
    *("builtins.property", "builtins.staticmethod", "builtins.classmethod", "abc.abstractmethod"),
    *("functools.cache", "functools.lru_cache", "functools.cached_property", "functools.wraps"),
    *("contextlib.contextmanager", "contextlib.asynccontextmanager"),
    *("typing.override", "typing.final", "typing.overload"),
}


@dataclass(frozen=True)
class Decorators:
    """What the decorators of one file are called in full, as its imports say."""

    imported: dict[str, str]
    starred: tuple[str, ...]
    bound: frozenset[str]
    ignored: frozenset[str]

    def is_ignored(self, decorator: ast.expr) -> bool:
        """Whether the decorator is left out of the canonical tree."""
        return bool(self._full_names(decorator) & self.ignored)

    def reads_annotations(self, decorator: ast.expr) -> bool:
        """Whether the decorator may look at the function's annotations."""
        names = self._full_names(decorator)
        return not names or not names <= _READS_NO_ANNOTATIONS

    def _full_names(self, decorator: ast.expr) -> set[str]:
        """What the decorator may be called; one of several where a file imports all names of a module."""
        expression = decorator.func if isinstance(decorator, ast.Call) else decorator
        first, _, rest = ast.unparse(expression).partition(".")
        if first in self.bound:
            return set()
        known = [self.imported[first]] if first in self.imported else [f"{module}.{first}" for module in self.starred]
        return {f"{name}.{rest}" if rest else name for name in known}


def decorators_of(module: ast.Module, ignored: tuple[str, ...]) -> Decorators:
    """The decorators known in a file; a name the file also binds itself is not trusted."""
    found = bindings(module)
    imported = {}
    for name, origins in found.imports.items():
        for origin in origins:
            target = origin.module.partition(".")[0] if origin.binds_top else origin.module
            imported[name] = f"{target}.{origin.name}" if origin.name else target
    starred = ("builtins", *sorted(origin.module for origin in found.imports.get("*", ())))
    unclear = {name for name, origins in found.imports.items() if len(origins) > 1}
    return Decorators(imported, starred, frozenset(found.names | unclear), frozenset(ignored))


def canonicalize(module: ast.Module, decorators: Decorators) -> None:
    """Take out of a module's tree, in place, what cannot change a result."""
    _Canonical(decorators).visit(module)


class _Canonical(ast.NodeTransformer):
    def __init__(self, decorators: Decorators) -> None:
        self._decorators = decorators
        self._is_in_class = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [d for d in node.decorator_list if not self._decorators.is_ignored(d)]
        if not any(self._decorators.reads_annotations(d) for d in node.decorator_list):
            node.returns = None
            arguments = node.args
            everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for argument in filter(None, [*everything, arguments.vararg, arguments.kwarg]):
                argument.annotation = None
        return self._scope(node, is_class=False)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._scope(node, is_class=True)

    def _scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, is_class: bool) -> ast.AST:
        outer, self._is_in_class = self._is_in_class, is_class
        self.generic_visit(node)
        self._is_in_class = outer
        node.body = node.body or [ast.Pass()]
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if self._is_in_class:
            return node
        return node.value and ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        node.kind = None
        return node
