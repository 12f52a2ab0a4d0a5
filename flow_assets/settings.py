"""Where everything lies and how it is done: one class, read once; default, then environment, then argument."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSettings

from flow_assets.errors import SettingsError

_PREFIX = "FLOW_ASSETS_"


class Settings(BaseSettings):
    """The project's settings; each can be given as an environment variable `FLOW_ASSETS_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="Folder under which everything is written.")
    datasets: str = Field("flow_assets.datasets", description="Importable package in which datasets are found.")
    environment: str = Field("local", description="Name under which the ledger keeps what this deployment holds.")
    settle_seconds: float = Field(
        1.0, ge=0, description="A landed file changed more recently than this may still be being written."
    )
    remote_seconds: float = Field(
        60, ge=0, description="What a server said of a file is taken for true so long; a new command asks at once."
    )
    package_precision: Literal["patch", "minor"] = Field(
        "patch", description="How much of a package's version enters a partition's key."
    )
    threads: int | None = Field(None, ge=1, description="Threads DuckDB may use; every core by default.")
    automation: Literal["sensor", "schedule", "off"] = Field(
        "sensor", description="What asks for runs by itself until somebody switches it off or on in Dagster."
    )
    sensor_seconds: int = Field(5, ge=1, description="Seconds between two ticks of the sensor on the landing folder.")
    schedule_cron: str = Field(
        "*/10 6 * * *", description="Cron line of the schedule `daily`, in the time zone of the daily partitions."
    )
    max_partitions_per_run: int = Field(
        400, ge=1, description="A longer range is asked for as several runs by the sensor and the schedule."
    )
    watch_seconds: int = Field(30, ge=1, description="Seconds between two looks of a sensor that watches.")
    false_alarms_per_week: float = Field(
        1.0, gt=0, le=1000, description="Alerts without a cause that are put up with; every threshold follows from it."
    )
    alert_routes: Path | None = Field(None, description="YAML file that says where which alerts are delivered.")
    dagster_url: str = Field("http://127.0.0.1:3000", description="Address of Dagster's UI, for links in alerts.")
    debug: bool = Field(False, description="Show where an unexpected error came from.")
    config: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="JSON: dataset name to the fields of its config that differ from the default."
    )

    @cached_property
    def root(self) -> Path:
        """Absolute path of the data folder."""
        return self.data.expanduser().absolute()

    @property
    def landing(self) -> Path:
        """Where sources deliver their files."""
        return self.root / "landing"

    @property
    def store(self) -> Path:
        """Where content-addressed objects and records lie."""
        return self.root / "store"

    @property
    def ledger(self) -> Path:
        """The SQLite file that says what is held now."""
        return self.root / "ledger.sqlite"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file with a view for each dataset."""
        return self.root / "warehouse.duckdb"

    @property
    def scratch(self) -> Path:
        """Temporary files; safe to delete while nothing runs."""
        return self.root / "tmp"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.root / "dagster"

    @property
    def duckdb_config(self) -> dict[str, Any]:
        """How DuckDB is to use this machine."""
        threads = {"threads": self.threads} if self.threads else {}
        return {**threads, "temp_directory": str(self.scratch)}


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment, `overrides` winning.

    Raises:
        SettingsError: a value cannot be used, or there is no such setting; the message names the variable.
    """
    for name in os.environ:
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).lower() not in Settings.model_fields:
            known = ", ".join(f"{_PREFIX}{field.upper()}" for field in Settings.model_fields)
            raise SettingsError(f"{name}: there is no such setting; there are {known}.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [f"FLOW_ASSETS_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("Settings that cannot be used:\n  " + "\n  ".join(lines)) from error
    except UnreadableSettings as error:  # `config` is the one setting that is read as JSON
        raise SettingsError(
            f"Settings that cannot be used:\n  FLOW_ASSETS_CONFIG is no JSON: {error.__cause__}"
        ) from error
