from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flow_assets.insight.watch.calls import Call
from flow_assets.insight.watch.episodes import find_episodes
from flow_assets.insight.watch.judged import JudgedCall
from flow_assets_tests.insight.watch.ledger_history import CODE, DAY, OTHER_CODE, START


def judged(kinds: str, codes: str = "") -> list[JudgedCall]:
    """`.` usual, `!` slow, `S` a shift of the level, `-` half as long as expected; codes as letters."""
    made = []
    for number, kind in enumerate(kinds):
        code = OTHER_CODE if codes and codes[number] == "b" else CODE
        seconds = {"!": 30.0, "S": 20.0, ".": 10.0, "-": 5.0}[kind]
        call = Call("readings", f"run-{number}", code, START + number * DAY, seconds, 1, 1, "", "", 1)
        made.append(JudgedCall(call, 0.5, 10.0, 15.0, kind in "!S", kind == "S"))
    return made


def told(kinds: str) -> list[tuple[int, bool, bool]]:
    return [(len(e.calls), e.is_lasting, e.is_over) for e in find_episodes(judged(kinds))]


def test_one_slow_call_is_over_with_the_next_usual_one() -> None:
    assert told("...!") == [(1, False, False)]
    assert told("...!.") == [(1, False, True)]
    assert told("...!!!") == [(3, False, False)]
    assert told("!..!") == [(1, False, True), (1, False, False)]
    assert told(".....") == []


def test_a_shift_lasts_until_two_calls_are_as_before() -> None:
    assert told("...S......") == [(1, True, False)]  # what is expected by now is the new level
    assert told("...S...-..") == [(1, True, False)]
    assert told("...S...--") == [(1, True, True)]
    assert told("..!!S..-!--") == [(4, True, True)]
    assert told("...S--S") == [(1, True, True), (1, True, False)]


def test_an_episode_knows_whether_it_began_with_other_code() -> None:
    def since_change(kinds: str, codes: str) -> list[bool]:
        return [episode.is_since_change for episode in find_episodes(judged(kinds, codes))]

    assert since_change("...!!", "aaabb") == [True]
    assert since_change("...!!", "aabbb") == [False]
    assert since_change("..!!!", "aaabb") == [False]
    assert since_change("!", "b") == [False]  # nothing is known of before


@given(st.text("..!S-", max_size=40))
def test_whatever_comes_every_slow_call_is_in_one_episode(kinds: str) -> None:
    calls = judged(kinds)
    episodes = find_episodes(calls)
    assert [one for episode in episodes for one in episode.calls] == [one for one in calls if one.is_slow]
    assert all(episode.is_over for episode in episodes[:-1])
    for more in range(1, len(kinds)):  # what was over stays so, whatever is learned later
        over = [e for e in find_episodes(calls[:more]) if e.is_over]
        assert episodes[: len(over)] == over
    assert all(
        b.calls[0].call.at - a.calls[-1].call.at > timedelta(0) for a, b in zip(episodes, episodes[1:], strict=False)
    )
