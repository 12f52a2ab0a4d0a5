"""How much of what a rule looks at may break it: a share if it is a float, else a number of rows."""


def tolerates(tolerance: int | float, failed: int, total: int) -> bool:
    """Whether `failed` of `total` is no more than `tolerance`: a share if it is a float, else a number of rows."""
    if isinstance(tolerance, float) and total:
        return failed / total <= tolerance  # as the share is written: 0.29 * 100 is less than 29
    return failed <= tolerance


def tolerance_text(tolerance: int | float) -> str:
    """How much may be broken, in words: a share or a number of rows."""
    return f"{100 * tolerance:g} %" if isinstance(tolerance, float) else f"{tolerance:,}"
