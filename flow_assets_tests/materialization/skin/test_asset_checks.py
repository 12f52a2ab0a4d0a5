"""What Dagster is told of a dataset's rules when its definitions load."""

import dagster as dg
import pytest

from flow_assets.declaration import Rule
from flow_assets.declaration.rules import in_range, not_null, row_rule, unique
from flow_assets.declaration.tolerance import tolerance_text
from flow_assets.materialization.skin.asset_checks import in_short, named
from flow_assets_tests.materialization.skin.conftest import deploy
from flow_assets_tests.materialization.skin.meters_with_rules import add_rules
from flow_assets_tests.sandbox import Sandbox

LONG = f"'{'x' * 80}'"


def test_a_dataset_has_a_check_for_each_dimension_of_its_rules(sandbox: Sandbox) -> None:
    add_rules(sandbox)
    with deploy(sandbox) as deployment:
        graph = deployment.definitions.resolve_asset_graph()
        specs = {spec.key: spec for assets in deployment.definitions.assets or () for spec in assets.check_specs}  # type: ignore[union-attr]
    of_raw = {key.name: spec for key, spec in specs.items() if key.asset_key == dg.AssetKey("raw_readings")}
    assert list(of_raw) == ["completeness", "consistency", "uniqueness", "validity"]
    assert {name: spec.blocking for name, spec in of_raw.items()} == {
        "completeness": True,
        "consistency": False,
        "uniqueness": True,
        "validity": True,
    }
    assert all(spec.partitions_def == graph.get(dg.AssetKey("raw_readings")).partitions_def for spec in of_raw.values())
    assert of_raw["validity"].description == (
        "Not published unless watts_in_range (0 <= watts <= 99; 1 tolerated). "
        "A warning unless meter_isin (meter is one of a, b, c); "
        "note_length (note has at most 50 characters; 10 % tolerated)."
    )
    assert of_raw["validity"].metadata["rules"].value.splitlines() == [
        "|rule|what must hold|severity|tolerated|failing rows|why|",
        "|-|-|-|-|-|-|",
        "|meter_isin|meter is one of a, b, c|warn|0|leave for the quarantine||",
        "|watts_in_range|0 &lt;= watts &lt;= 99|error|1|stay|old meters|",
        "|note_length|note has at most 50 characters|warn|10 %|stay||",
    ]
    seen = {key.name: spec for key, spec in specs.items() if key.asset_key == dg.AssetKey("meters_seen")}
    assert list(seen) == ["completeness", "uniqueness"]
    assert all(spec.partitions_def is None for spec in seen.values())


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (in_range(0, 1).on("a"), "0"),
        (in_range(0, 1, tolerance=12).on("a"), "12"),
        (in_range(0, 1, tolerance=0.1).on("a"), "10 %"),
        (in_range(0, 1, tolerance=0.0005).on("a"), "0.05 %"),
        (in_range(0, 1, tolerance=0.29).on("a"), "29 %"),
    ],
)
def test_tolerance_is_told_as_a_number_of_rows_or_a_share(rule: Rule, words: str) -> None:
    assert tolerance_text(rule.tolerance) == words


def test_what_is_tolerated_is_told_only_where_something_is() -> None:
    assert in_short(not_null().on("a")) == "a is not null"
    assert in_short(not_null(tolerance=3).on("a")) == "a is not null (3 tolerated)"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (in_range(0, 1, tolerance=3).on("a"), "a_in_range (0 <= a <= 1; 3 tolerated)"),
        (not_null(tolerance=3).on("a"), "a_not_null (3 tolerated)"),
        (unique("a", "b"), "a_b_unique"),
        (unique("a", "b", name="key_is_unique"), "key_is_unique (a, b are unique)"),
        (row_rule(f"a <> {LONG}", name="a_is_new"), "a_is_new"),
        (row_rule(f"a <> {LONG}", name="a_is_new", description="It was never seen."), "a_is_new (It was never seen)"),
        (row_rule(f"a <> {LONG}", name="a_is_new", description=LONG, tolerance=0.1), "a_is_new (10 % tolerated)"),
    ],
)
def test_a_rule_is_named_with_what_is_short(rule: Rule, words: str) -> None:
    assert named(rule) == words


def test_a_columns_constraints_are_its_rules_in_words(sandbox: Sandbox) -> None:
    add_rules(sandbox)
    sandbox.edit("raw_readings.py", "isin([", "unique(), isin([")
    sandbox.edit("raw_readings.py", "str_length(max", 'not_null(severity="warn"), str_length(max')
    sandbox.edit("raw_readings.py", "import in_range, isin", "import in_range, isin, not_null, unique")
    with deploy(sandbox) as deployment:
        spec = deployment.definitions.resolve_asset_graph().get(dg.AssetKey("raw_readings"))
        columns = {column.name: column.constraints for column in spec.metadata["dagster/column_schema"].columns}
    assert columns["watts"].other == ["unit: watts", "0 <= watts <= 99 (1 tolerated)"]
    assert columns["note"].other == ["note is not null", "note has at most 50 characters (10 % tolerated)"]
    assert columns["meter"].other == ["unique in its partition", "meter is one of a, b, c"]
    assert columns["line_number"].other == ["unique in its partition", "key"]
    assert [name for name, constraints in columns.items() if constraints.unique] == []
