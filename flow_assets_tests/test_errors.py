import pytest

from flow_assets.errors import sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "a."),
        ("a.", "a."),
        ("Is it a?", "Is it a?"),
        ("no!", "no!"),
        ("write all_partitions()", "write all_partitions()."),
    ],
)
def test_a_message_ends_with_one_stop(text: str, said: str) -> None:
    assert sentence(text) == said
