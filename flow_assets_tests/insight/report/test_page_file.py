import stat
from pathlib import Path

import pytest

from flow_assets.errors import PageError
from flow_assets.insight.report.page_file import write_page


def test_a_page_is_written_and_its_size_told(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert write_page("<p>ä</p>", path) == 9 == path.stat().st_size
    assert path.read_text() == "<p>ä</p>"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o600)
    write_page("new", path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("step", ["chmod", "replace"])
def test_what_cannot_be_written_leaves_the_former_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text("former")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(PageError, match=r"report.html: No space left on device. Name a file in a folder"):
        write_page("new", path)
    monkeypatch.undo()
    assert path.read_text() == "former"
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="which is a folder"):
        write_page("new", tmp_path)
    with pytest.raises(PageError, match="No such file or directory"):
        write_page("new", tmp_path / "nowhere" / "report.html")
