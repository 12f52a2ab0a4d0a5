from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.durations.calls import Call
from flow_assets.insight.watch.durations.episodes import find_episodes
from flow_assets.insight.watch.durations.judged import JudgedCall
from flow_assets_tests.insight.watch.ledger_history import CODE, DAY, OTHER_CODE, START


def judged(kinds: str, codes: str = "") -> list[JudgedCall]:
    """`.` usual, `!` slow, `S` slow and so usual from then on, `-` as before that; codes as letters."""
    made, usual = [], 10.0
    for number, kind in enumerate(kinds):
        code = OTHER_CODE if codes and codes[number] == "b" else CODE
        seconds = {"!": 3 * usual, "S": 30.0, ".": usual, "-": 10.0}[kind]
        call = Call("readings", f"run-{number}", code, START + number * DAY, seconds, 1, 1, "", "", 1)
        made.append(JudgedCall(call, 0.5, usual, 15.0, usual, seconds / usual, kind in "!S"))
        usual = 30.0 if kind == "S" else usual
    return made


def told(kinds: str) -> list[tuple[int, bool, bool]]:
    return [(len(e.calls), e.is_lasting, e.is_over) for e in find_episodes(judged(kinds))]


def test_one_slow_call_is_over_with_the_next_usual_one() -> None:
    assert told("...!") == [(1, False, False)]
    assert told("...!.") == [(1, False, True)]
    assert told("...!!!") == [(3, True, False)]
    assert told("!..!") == [(1, False, True), (1, False, False)]
    assert told(".....") == []


def test_a_new_level_lasts_until_a_call_is_as_before() -> None:
    assert told("...S......") == [(1, True, False)]  # what is expected by now is the new level
    assert told("...S...") == [(1, True, False)]
    assert told("...S...-.") == [(1, True, True)]
    assert told("...S-") == [(1, False, True)]
    assert told("..!!S..") == [(3, True, False)]


def test_two_calls_must_be_as_before_if_the_difference_is_small() -> None:
    def little(kinds: str) -> list[JudgedCall]:
        seconds = {"!": 13.0, "^": 12.9, ".": 10.0}
        return [
            replace(one, call=one.call._replace(seconds=seconds[kind]), level=seconds[kind] / 10)
            for kind, one in zip(kinds, judged(kinds.replace("^", ".")), strict=True)
        ]

    assert [(e.is_lasting, e.is_over) for e in find_episodes(little("..!^^.^"))] == [(True, False)]
    assert [(e.is_lasting, e.is_over) for e in find_episodes(little("..!^^.^..^"))] == [(True, True)]
    assert [(e.is_lasting, e.is_over) for e in find_episodes(little("..!."))] == [(False, True)]


def test_an_episode_knows_whether_the_code_was_changed_shortly_before() -> None:
    def changed(kinds: str, codes: str) -> list[str | None]:
        found = find_episodes(judged(kinds, codes))
        return [e.changed_from.call.run_id if e.changed_from else None for e in found]

    assert changed("...!!", "aaabb") == ["run-2"]
    assert changed("....!", "aabbb") == ["run-1"]
    assert changed("........!", "aabbbbbbb") == [None]
    assert changed("........!!", "aabbbbbbbb") == ["run-1"]
    assert changed("..!!!", "aaabb") == [None]
    assert changed("!", "b") == [None]  # nothing is known of before


@given(st.text("..!S-", max_size=40))
def test_whatever_comes_every_slow_call_is_in_one_episode(kinds: str) -> None:
    calls = judged(kinds)
    episodes = find_episodes(calls)
    assert [one for episode in episodes for one in episode.calls] == [one for one in calls if one.is_slow]
    assert all(episode.is_over for episode in episodes[:-1])
    for more in range(1, len(kinds)):  # what was over stays so, whatever is learned later
        over = [e for e in find_episodes(calls[:more]) if e.is_over]
        assert episodes[: len(over)] == over
    assert all(b.calls[0].call.at - a.calls[-1].call.at > timedelta(0) for a, b in pairwise(episodes))
