"""Laying deliveries down: which days, whole files only, and only what differs."""

from pathlib import Path

import pytest

from flow_assets.automation.landing import Delivery, LandingReport, deliver, land
from flow_assets.errors import SelectionError, StoreError


def source() -> list[Delivery]:
    days = [f"2013-01-0{n}" for n in range(1, 6)]
    daily = [Delivery(day, f"{kind}/{day}.csv", f"{kind} {day}\n".encode) for kind in ("a", "b") for day in days]
    return [*daily[:-1], Delivery(None, "once.csv", "once\n".encode)]  # b's last day never comes


def landed(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_days(tmp_path):
    seen = []
    report = deliver(source(), tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert report == LandingReport(10, 0, ("2013-01-01", "2013-01-05"), 0)
    assert seen == [(n, 10) for n in range(1, 11)]
    assert landed(tmp_path) == {d.path for d in source()}
    assert (tmp_path / "a/2013-01-02.csv").read_text() == "a 2013-01-02\n"


def test_until_a_day(tmp_path):
    assert deliver(source(), tmp_path, until="2013-01-02") == LandingReport(5, 0, ("2013-01-01", "2013-01-02"), 3)
    assert deliver(source(), tmp_path, until="2013-01-03") == LandingReport(2, 5, ("2013-01-01", "2013-01-03"), 2)
    assert deliver(source(), tmp_path, until="2014-06-01").remaining_days == 0


def test_next_days_follow_the_newest_that_lies_there(tmp_path):
    assert deliver(source(), tmp_path, next_days=2) == LandingReport(5, 0, ("2013-01-01", "2013-01-02"), 3)
    (tmp_path / "a/2013-01-01.csv").unlink()
    assert deliver(source(), tmp_path, next_days=2) == LandingReport(4, 1, ("2013-01-03", "2013-01-04"), 1)
    assert deliver(source(), tmp_path, next_days=2) == LandingReport(1, 1, ("2013-01-05", "2013-01-05"), 0)
    assert deliver(source(), tmp_path, next_days=2) == LandingReport(0, 1, None, 0)


def test_unchanged_files_are_not_touched(tmp_path):
    deliver(source(), tmp_path)
    before = {path: path.stat() for path in tmp_path.rglob("*.csv")}
    assert deliver(source(), tmp_path) == LandingReport(0, 10, ("2013-01-01", "2013-01-05"), 0)
    assert {path: path.stat() for path in tmp_path.rglob("*.csv")} == before


def test_a_differing_or_missing_file_is_restored(tmp_path):
    deliver(source(), tmp_path)
    (tmp_path / "a/2013-01-02.csv").write_text("damaged")
    (tmp_path / "b/2013-01-03.csv").unlink()
    report = deliver(source(), tmp_path)
    assert (report.written, report.unchanged) == (2, 8)
    assert (tmp_path / "a/2013-01-02.csv").read_text() == "a 2013-01-02\n"


def test_a_failed_write_leaves_the_old_file_and_nothing_half(tmp_path, monkeypatch):
    deliver(source(), tmp_path)
    file = tmp_path / "a/2013-01-01.csv"
    file.write_text("old")
    before = landed(tmp_path)

    def write_half(path: Path, data: bytes) -> None:
        with path.open("wb") as partial:
            partial.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(StoreError, match=r"2013-01-01\.csv cannot be written: No space left on device\. Check"):
        deliver(source(), tmp_path)
    assert file.read_text() == "old"
    assert landed(tmp_path) == before


def test_a_landing_folder_that_is_a_file(tmp_path):
    (tmp_path / "landing").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        deliver(source(), tmp_path / "landing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"until": "tomorrow"}, r"until 'tomorrow' is no date; write it as YYYY-MM-DD"),
        ({"until": "2012-12-31"}, r"the source begins on 2013-01-01"),
        ({"next_days": 0}, r"next 0: no day is asked for"),
        ({"until": "2013-01-02", "next_days": 1}, r"give one of them"),
    ],
)
def test_days_that_make_no_sense(tmp_path, arguments, message):
    with pytest.raises(SelectionError, match=message):
        deliver(source(), tmp_path, **arguments)
    assert not landed(tmp_path)


def test_an_unknown_source(tmp_path):
    with pytest.raises(SelectionError, match=r"no source 'nycflights14'\. There are: nycflights13"):
        land("nycflights14", tmp_path)
