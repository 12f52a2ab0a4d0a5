"""What several subcommands of `flow alerts` are told alike: which alerts, since when, who says so and why."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flow_assets.ledger.silences import Matcher

ShowAll = Annotated[bool, typer.Option("--all", help="Resolved ones too.")]
Since = Annotated[str | None, typer.Option(help="Also what was resolved since a date, or 30m, 12h, 7d, 4w ago.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if any is open.")]

Numbers = Annotated[list[int], typer.Argument(help="Their numbers; all of them, or none.")]
Number = Annotated[int | None, typer.Argument(help="The number of one alert.")]
OfDataset = Annotated[str, typer.Option(help="All alerts of this dataset.")]
OfWatch = Annotated[str, typer.Option(help="All alerts of this watch, such as freshness.")]
OfOwner = Annotated[str, typer.Option(help="All alerts of this owner's datasets.")]

Note = Annotated[str, typer.Option(help="What others should know.")]
By = Annotated[str | None, typer.Option(help="Who says so; by default, you.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def target_of(number: int | None, dataset: str, watch: str, owner: str) -> "int | Matcher":
    """What a silence is for.

    Raises:
        SelectionError: nothing is said, or both a number and more.
    """
    from flow_assets.errors import SelectionError
    from flow_assets.ledger.silences import Matcher

    matcher = Matcher(dataset, watch, owner)
    if (number is None) != any(vars(matcher).values()):
        raise SelectionError("Give either the number of an alert, or any of --dataset, --watch and --owner.")
    return matcher if number is None else number


def user_name() -> str:
    """The name of the user at this machine; their number, if they have none."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that nobody has named
        return f"user {os.getuid()}"
