"""Which names outside of itself does a piece of code refer to?

Python's own rules of scope decide: a local variable named like a global is no reference to it. A reference is a chain:
`helpers.clean` of `helpers.clean(x).loc` (a call ends it), so that only that attribute of a module need be followed.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from flow_assets.memo.fingerprint.scopes import Bindings, Comprehension, Function, Import, bindings, imports_of


@dataclass(frozen=True, order=True)
class Reference:
    """A free name and the attributes taken from it.

    Attributes:
        is_import: the chain is called with a constant module name, recorded separately: `import_module("helpers")`.
    """

    chain: tuple[str, ...]
    line: int
    is_import: bool = False


@dataclass(frozen=True)
class ImportedReference:
    """A name imported inside the code, and the attributes taken from it.

    Attributes:
        is_statement: the import itself: a module is not yet used by it.
    """

    origin: Import
    chain: tuple[str, ...]
    line: int
    is_statement: bool = False

    @property
    def label(self) -> str:
        """How an error names it."""
        name = "." * self.origin.level + ".".join(filter(None, [self.origin.module, self.origin.name]))
        return ".".join([name.partition(".")[0] if self.origin.binds_top else name, *self.chain])


@dataclass
class References:
    """Everything a piece of code refers to.

    Attributes:
        names: each chain once, where it is met first.
        texts: string constants: SQL and queries in them may name variables.
    """

    names: dict[tuple[tuple[str, ...], bool], Reference] = field(default_factory=dict)
    imported: dict[tuple[Import, tuple[str, ...], bool], ImportedReference] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


def references(tree: ast.AST) -> References:
    """The references of a function, lambda, class or module, given by its canonical tree.

    Defaults of a function that is the tree itself are left out: its values tell what they were.
    """
    collector = _Collector()
    if isinstance(tree, Function):
        collector.decorators_of(tree)
        collector.body_of(tree)
    else:
        collector.visit(tree)
    return collector.found


class _Collector(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found = References()
        self._scopes: list[tuple[ast.AST, Bindings]] = []

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self.decorators_of(node)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default:
                self.visit(default)
        self.body_of(node)

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def decorators_of(self, node: Function) -> None:
        """The decorators, and the annotations where the canonical tree has kept them."""
        if isinstance(node, ast.Lambda):
            return
        for decorator in node.decorator_list:
            self.visit(decorator)
        arguments = node.args
        for argument in [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]:
            self._visit_annotation(argument and argument.annotation)
        self._visit_annotation(node.returns)

    def body_of(self, node: Function) -> None:
        """What the body refers to, seen from outside the function."""
        self._enter(node, [node.body] if isinstance(node, ast.Lambda) else node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outer in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(outer)
        self._enter(node, node.body)

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_ListComp(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        inner = [child for g in node.generators for child in [g.target, *g.ifs]]
        inner += [generator.iter for generator in node.generators[1:]]
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._enter(node, [*inner, *results])

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _enter(self, node: ast.AST, body: Sequence[ast.AST]) -> None:
        self._scopes.append((node, bindings(node)))
        for child in body:
            self.visit(child)
        self._scopes.pop()

    # References

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._refer((node.id,), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if chain := _chain(node.target):
            self._refer(chain, node)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if chain := _chain(node):
            self._refer(chain, node)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if (chain := _chain(node)) and not self._is_local("getattr"):
            self._refer(chain, node)
            self._refer(("getattr",), node)
            for default in node.args[2:]:
                self.visit(default)
        elif module := _imported_module(node):
            self._record(Import(module), (), node.lineno, is_statement=False)
            self._refer(_chain(node.func) or (), node, is_import=True)
        else:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.texts.add(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node.annotation)
        self.visit(node.target)
        if node.value:
            self.visit(node.value)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for _, origin in imports_of(node):
            self._record(origin, (), node.lineno, is_statement=True)

    visit_ImportFrom = visit_Import

    def _visit_annotation(self, annotation: ast.AST | None) -> None:
        """An annotation's names, also where it or a part of it is written as a string."""
        for node in ast.walk(annotation) if annotation else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                try:
                    self.visit(ast.copy_location(ast.parse(node.value, mode="eval").body, node))
                except SyntaxError:
                    continue  # a text of `Annotated` or `Literal`
        if annotation:
            self.visit(annotation)

    def _refer(self, chain: tuple[str, ...], node: ast.AST, is_import: bool = False) -> None:
        line = getattr(node, "lineno", 0)
        if not (chain and self._resolve_local(chain, line)):
            self.found.names.setdefault((chain, is_import), Reference(chain, line, is_import))

    def _resolve_local(self, chain: tuple[str, ...], line: int) -> bool:
        """Whether a name is a local; one bound by imports is recorded as what they import."""
        for position, (tree, bound) in enumerate(reversed(self._scopes)):
            is_class = isinstance(tree, ast.ClassDef)
            if (is_class and position) or not bound.binds(chain[0]):
                continue
            for origin in bound.imports.get(chain[0], ()):
                self._record(origin, chain[1:], line, is_statement=False)
            # In a class body, `x = x` reads the global.
            return not (is_class and chain[0] in bound.names)
        return False

    def _is_local(self, name: str) -> bool:
        return any(bound.binds(name) for _, bound in self._scopes)

    def _record(self, origin: Import, chain: tuple[str, ...], line: int, is_statement: bool) -> None:
        found = ImportedReference(origin, chain, line, is_statement)
        self.found.imported.setdefault((origin, chain, is_statement), found)


def _chain(node: ast.AST) -> tuple[str, ...]:
    """The names of `a.b.c`, also where one is taken by `getattr(a, "b")`; empty for anything else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        base = _chain(node.value)
        return (*base, node.attr) if base else ()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        base = _chain(node.args[0]) if len(node.args) >= 2 else ()
        name = node.args[1].value if base and isinstance(node.args[1], ast.Constant) else None
        return (*base, name) if isinstance(name, str) else ()
    return ()


def _imported_module(node: ast.Call) -> str:
    """The module of `import_module("name")`, which is an import wherever the function turns out to be Python's."""
    names = _chain(node.func)
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    is_import = (
        bool(names) and names[-1] in ("import_module", "__import__") and len(node.args) == 1 and not node.keywords
    )
    return first if is_import and isinstance(first, str) and not first.startswith(".") else ""
