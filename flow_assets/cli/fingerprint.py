"""Show what a function's code fingerprint covers, and its digest on the last line."""

from pathlib import Path
from typing import Annotated, Any

import typer

NAME = "fingerprint"
EXAMPLES = (
    "flow fingerprint my_package.features:compute",
    "flow fingerprint job:main --root src --json",
)


def command(
    function: Annotated[str, typer.Argument(metavar="MODULE:FUNCTION", help="Any importable function.")],
    root: Annotated[Path | None, typer.Option(help="Folder whose modules are followed.", file_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fingerprint a function."""
    from flow_assets.cli.console import print_json
    from flow_assets.memo.fingerprint import fingerprint, render_tree

    found = fingerprint(_import(function, root), root=root.absolute() if root else None)
    if as_json:
        print_json(found.to_json())
    else:
        typer.echo(render_tree(found))
        typer.echo(found.digest)


def _import(name: str, root: Path | None) -> Any:
    import importlib
    import sys

    from flow_assets.declaration import Dataset
    from flow_assets.errors import SelectionError, sentence

    module_name, _, path = name.partition(":")
    if not path:
        raise SelectionError(f"{name!r}: write MODULE:FUNCTION, such as my_package.features:compute.")
    sys.path.insert(0, str((root or Path()).absolute()))
    try:
        found: Any = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the module raises, people are told
        cause = sentence(f"{type(error).__name__}: {error}")
        raise SelectionError(f"{name!r} cannot be imported: {cause} Is --root right?") from error
    return found.function if isinstance(found, Dataset) else found
