"""Nothing in the machinery knows what any dataset is about."""

import ast
import re
from pathlib import Path

import pytest

import flow_assets

ROOT = Path(flow_assets.__file__).parent
WORDS = re.compile(
    r"flight|carrier|airport|airline|weather|tail_?num|departure|aircraft|nycflights|\bshops?\b|customer|purchase|\bskus?\b",
    re.IGNORECASE,
)
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] != "datasets"]
ABOUT_FLIGHTS = {"automation/landing/nycflights13.py"}
NAMED_SOURCE = {"automation/landing/sources.py", "cli/land.py"}
"""They list the sources that can be landed, and which one is by default."""


def told_words(source: str) -> set[str]:
    """The words in code and comments; docstrings and a command's `EXAMPLES` may show what users would write."""
    lines = source.splitlines()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if is_docstring(node) or is_examples(node):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return {found.lower() for found in WORDS.findall("\n".join(lines))}


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_examples(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["EXAMPLES"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_machinery_knows_no_dataset(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    expected = {"nycflights"} if name in NAMED_SOURCE else set()
    assert name in ABOUT_FLIGHTS or told_words(file.read_text()) == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("flights = 1", {"flight"}),
        ("x = 1  # by Carrier", {"carrier"}),
        ("x = 'tail_number'", {"tail_num"}),
        ('def f():\n    """Of flights."""\n    return sku', {"sku"}),
        ('EXAMPLES = (\n    "flow run departures",\n)\nshopping = 1', set()),
    ],
)
def test_what_would_be_found(source: str, words: set[str]) -> None:
    assert told_words(source) == words
