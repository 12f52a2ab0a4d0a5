"""Writes the page to a file, whole or not at all."""

import tempfile
from pathlib import Path

from flow_assets.errors import PageError

_MODE = 0o644


def write_page(page: str, path: Path) -> int:
    """Write it; who opens the file meanwhile sees the former page.

    Returns:
        Its size in bytes.

    Raises:
        PageError: it cannot be written there; what was there stays.
    """
    text = page.encode()
    if path.is_dir():
        raise PageError(f"The page cannot be written to {path}, which is a folder. Name a file in it.")
    partial: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            partial = Path(file.name)
            file.write(text)
        partial.chmod(path.stat().st_mode & 0o777 if path.exists() else _MODE)
        partial.replace(path)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise PageError(
            f"The page cannot be written to {path}: {error.strerror or error}. Name a file in a folder that exists and "
            "that you may write to."
        ) from error
    return len(text)
