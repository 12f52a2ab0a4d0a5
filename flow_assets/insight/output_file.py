"""Writes a file that a user names: a page, exported rows. A file is written whole or not at all, a pipe as it comes."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flow_assets.errors import OutputFileError

_STDOUT = 1


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Give a file to write, and once that is done put what it holds where `path` says.

    Links are followed and stay. A file is replaced as a whole: who opens it meanwhile sees the former one. What exists
    and is no file, such as a pipe or a device, and what this process prints to are written into.

    Raises:
        OutputFileError: it cannot be written there; what was there stays.
    """
    partial: Path | None = None
    try:
        if path.is_dir():
            raise OutputFileError(f"{path} cannot be written: it is a folder. Name a file in it.")
        is_stream = is_printed(path) or (path.exists() and not path.is_file())
        place = Path(os.path.realpath(path))
        folder = None if is_stream else place.parent
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}.", delete=False) as file:
            partial = Path(file.name)
        yield partial
        if is_stream:
            _pour(partial, path)
        else:
            partial.chmod(place.stat().st_mode & 0o777 if place.exists() else _usual_mode())
            partial.replace(place)
    except OSError as error:
        raise OutputFileError(
            f"{path} cannot be written: {error.strerror or error}. Name a file in a folder that exists and that you "
            "may write to."
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def is_printed(path: Path) -> bool:
    """Whether this is what the process prints to, as `/dev/stdout` is."""
    with suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(_STDOUT))
    return False


def _usual_mode() -> int:
    """Of a new file, as the process's umask has it, which can be read only by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask


def _pour(source: Path, path: Path) -> None:
    sys.stdout.flush()
    target = os.fdopen(os.dup(_STDOUT), "wb") if is_printed(path) else path.open("wb")
    with source.open("rb") as whole, target:
        shutil.copyfileobj(whole, target)
