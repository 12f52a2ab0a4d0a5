"""Which names does a scope bind itself, and which of them by an import?"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Import:
    """What one name of an import statement stands for.

    Attributes:
        module: dotted name, without the leading dots.
        name: the attribute taken from the module; None for the module itself.
        level: number of leading dots.
        binds_top: the statement is `import a.b`, which binds `a`.
    """

    module: str
    name: str | None = None
    level: int = 0
    binds_top: bool = False


@dataclass
class Bindings:
    """The names that one scope binds.

    Attributes:
        names: every name bound other than by an import.
        imports: name to what it may stand for.
        outer: names declared `global`.
    """

    names: set[str] = field(default_factory=set)
    imports: dict[str, set[Import]] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)

    def binds(self, name: str) -> bool:
        """Whether the name is a local of this scope."""
        return name not in self.outer and (name in self.names or name in self.imports)


def bindings(tree: ast.AST) -> Bindings:
    """The names bound by a module, class, function, lambda or comprehension, without those of the scopes inside it."""
    finder = _Finder(isinstance(tree, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp))
    if isinstance(tree, Function):
        arguments = tree.args
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        finder.found.names.update(a.arg for a in everything if a)
    if isinstance(tree, Comprehension):
        finder.visit_all(generator.target for generator in tree.generators)
    elif isinstance(tree, ast.Lambda):
        finder.visit(tree.body)
    else:
        finder.visit_all(getattr(tree, "body", ()))
    return finder.found


def imports_of(statement: ast.Import | ast.ImportFrom) -> list[tuple[str, Import]]:
    """The names an import statement binds, with what each stands for."""
    if isinstance(statement, ast.ImportFrom):
        return [
            (alias.asname or alias.name, Import(statement.module or "", alias.name, statement.level))
            for alias in statement.names
        ]
    return [
        (alias.asname, Import(alias.name))
        if alias.asname
        else (alias.name.partition(".")[0], Import(alias.name, binds_top=True))
        for alias in statement.names
    ]


class _Finder(ast.NodeVisitor):
    """Collects bindings, entering no other scope except comprehensions, whose walrus targets belong to this one."""

    def __init__(self, is_comprehension: bool) -> None:
        self.found = Bindings()
        self._depth = int(is_comprehension)

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _bind(self, *names: str | None) -> None:
        self.found.names.update(name for name in names if name)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, origin in imports_of(node):
            self.found.imports.setdefault(name, set()).add(origin)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._bind(node.name)
        self.visit_all(node.decorator_list)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_all([*node.args.defaults, *(d for d in node.args.kw_defaults if d)])

    def _visit_comprehension(self, node: Comprehension) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self._bind(inner.target.id)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._bind(node.rest)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.found.outer.update(node.names)

    visit_Nonlocal = visit_Global
