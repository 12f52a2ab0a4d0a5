import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flow_assets.errors import OutputFileError
from flow_assets.insight.output_file import output_file


def write(text: str, path: Path) -> None:
    with output_file(path) as file:
        file.write_text(text)


def test_a_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write("<p>ä</p>", path)
    assert path.read_text() == "<p>ä</p>"
    path.chmod(0o600)
    write("new", path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_a_new_file_is_as_open_as_the_umask_has_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write("rows set apart", tmp_path / "rows.csv")
    finally:
        assert os.umask(before) == 0o077
    assert stat.S_IMODE((tmp_path / "rows.csv").stat().st_mode) == 0o600


def test_a_name_that_cannot_be_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputFileError, match="cannot be written: File name too long"):
        write("text", tmp_path / ("n" * 300))


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link, other = tmp_path / "folder" / "page.html", tmp_path / "link.html", tmp_path / "other.html"
    link.symlink_to("folder/page.html")
    other.symlink_to("link.html")
    for text in ("where there is no file yet", "where there is one"):
        write(text, other)
        assert (link.is_symlink(), other.is_symlink(), target.is_symlink()) == (True, True, False)
        assert target.read_text() == text
    assert [found.name for found in target.parent.iterdir()] == ["page.html"]


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("pipe")
    for path in (pipe, link):
        with ThreadPoolExecutor() as pool:
            read = pool.submit(pipe.read_text)
            write("new" * 100_000, path)
        assert read.result() == "new" * 100_000
    assert pipe.is_fifo()
    assert {found.name for found in tmp_path.iterdir()} == {"pipe", "link"}


def test_what_is_printed_to_is_written_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "stdout"
    path.symlink_to("/proc/self/fd/1")
    print("before")  # noqa: T201
    write("new", path)
    print("after")  # noqa: T201
    assert capfd.readouterr().out == "before\nnewafter\n"
    assert path.is_symlink()


@pytest.mark.parametrize("step", ["chmod", "replace"])
def test_what_cannot_be_written_leaves_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text("former")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(
        OutputFileError, match=r"report.html cannot be written: No space left on device. Name a file in"
    ):
        write("new", path)
    monkeypatch.undo()
    assert path.read_text() == "former"
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputFileError, match="it is a folder"):
        write("new", tmp_path)
    with pytest.raises(OutputFileError, match="No such file or directory"):
        write("new", tmp_path / "nowhere" / "report.html")
