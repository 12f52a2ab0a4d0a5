from pathlib import Path

import pytest

from flow_assets.errors import SettingsError
from flow_assets.settings import load_settings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("THREADS", "0", "greater than or equal to 1"),
        ("THREADS", "many", "valid integer"),
        ("SETTLE_SECONDS", "-1", "greater than or equal to 0"),
        ("PACKAGE_PRECISION", "major", "'patch' or 'minor'"),
        ("CONFIG", "{readings", "JSON"),
        ("CONFIG", '{"readings": 1}', "valid dictionary"),
        ("CONFIG", "[]", "valid dictionary"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"FLOW_ASSETS_{name}", value)
    with pytest.raises(SettingsError, match=f"FLOW_ASSETS_{name}") as error:
        load_settings()
    assert said in str(error.value)


def test_default_then_environment_then_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOW_ASSETS_ENVIRONMENT", raising=False)
    assert load_settings().environment == "local"
    monkeypatch.setenv("FLOW_ASSETS_ENVIRONMENT", "staging")
    assert load_settings().environment == "staging"
    assert load_settings(environment="test").environment == "test"


def test_everything_lies_below_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOW_ASSETS_DATA", "here")
    monkeypatch.setenv("FLOW_ASSETS_CONFIG", '{"d": {"field": 1}}')
    settings = load_settings(threads=2)
    assert settings.root == tmp_path / "here"
    places = (settings.landing, settings.store, settings.ledger, settings.warehouse, settings.dagster_home)
    assert {place.parent for place in places} == {tmp_path / "here"}
    assert settings.duckdb_config == {"threads": 2, "temp_directory": str(settings.scratch)}
    assert settings.config == {"d": {"field": 1}}
    monkeypatch.setenv("FLOW_ASSETS_DATA", "~/there")
    assert load_settings().root == Path.home() / "there"
