import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import flow_assets

FILES = sorted(Path(flow_assets.__file__).parent.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 300, 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FILES[0].parent)))
def test_files_and_functions_can_be_read_at_one_sitting(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= FILE_LINES
    too_long = [f"{name}: {lines} lines" for name, lines in function_lines(text) if lines > FUNCTION_LINES]
    assert not too_long


def function_lines(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and the lines of its body, its docstring left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_a_docstring_and_a_signature_are_not_counted() -> None:
    source = '''
def function(
    a,
    b,
):
    """One.

    Two.
    """
    x = 1

    return x
'''
    assert list(function_lines(source)) == [("function", 3)]
