import pytest

import flow_assets as fa
from flow_assets import DailyPartitions, column, dataset, in_range
from flow_assets.declaration.calls import call_hint

USED = (DailyPartitions, column, dataset, in_range, fa)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("column('A', nulable=True)", " Did you mean 'nullable'? It takes description, unit, nullable, digits, rules."),
        ("fa.column('A', nulable=True)", " Did you mean 'nullable'? It takes description, unit"),
        ("column()", " It takes description, unit"),
        ("column('A', 'm')", " It takes description, unit"),
        ("dataset(sort_bye=[])", " Did you mean 'sort_by'? It takes schema, sort_by, partitions"),
        ("in_range(1)", " It takes min_value, max_value, include_min, include_max."),
        ("DailyPartitions('2013-01-01', timezne='UTC')", " Did you mean 'timezone'? It takes start_date"),
        ("column('A', colour='red')", " It takes description, unit"),
        ("print(colour=1)", ""),
        ("len(1)", ""),
        ("1 / 0", ""),
    ],
)
def test_a_call_that_python_refuses_is_told_what_it_takes(call: str, said: str) -> None:
    with pytest.raises((TypeError, ZeroDivisionError)) as caught:
        eval(call, globals())
    hint = call_hint(caught.value)
    assert hint.startswith(said)
    assert bool(hint) is bool(said)
