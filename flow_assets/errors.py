"""What can go wrong, one class a failure: each message says what, which, and what to do.

A `FlowError` is shown to people as its message alone. Anything else that escapes is a defect of the project.
"""


class FlowError(Exception):
    """Base of every error that people are meant to read."""


class SettingsError(FlowError):
    """A setting has a value that cannot be used."""


class DefinitionError(FlowError):
    """A dataset is declared in a way that cannot work; raised while datasets are loaded."""


class FingerprintError(DefinitionError):
    """A function's code refers to something whose content cannot be fingerprinted."""


class SelectionError(FlowError):
    """A dataset or a partition was asked for that does not exist."""


class LandedFileError(FlowError):
    """A landed file is missing, incomplete or not what its dataset declares."""


class SchemaMismatchError(FlowError):
    """What a dataset's function returned is not what its schema declares."""


class ComputeError(FlowError):
    """A dataset's function raised, or returned something that is no frame."""


class AuditError(FlowError):
    """A set-based result differs from the same partition computed alone."""


class LostObjectError(FlowError):
    """An object that a record refers to is missing from the store or damaged."""


class StoreError(FlowError):
    """The store, the ledger or the landing folder cannot be read or written."""


class QueryError(FlowError):
    """A query over the warehouse, or a condition on rows to load, cannot be answered."""


class MissingExtraError(FlowError):
    """A package is not installed that an optional part of the project needs."""


class RoutesError(SettingsError):
    """The file that says where alerts are delivered cannot be used; the message names the lines that are wrong."""


class BaselineError(FlowError):
    """A baseline is told something that is no duration, size, moment or rate."""


class RuleError(FlowError):
    """A rule's Python function raised, or answered what says nothing of rows."""


class AlertError(FlowError):
    """An alert is not in a state in which what was asked can be done with it."""


class DeliveryError(FlowError):
    """A notice of an alert could not be delivered.

    Attributes:
        is_permanent: whether trying again cannot help, because the place does not exist or does not let us in.
    """

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class OutputFileError(FlowError):
    """A file that a user named, for a page or for rows, cannot be written."""


class WatchError(FlowError):
    """A watch could not look, so that what it watches is not looked at."""


def sentence(text: str) -> str:
    """A message with one stop at its end, whatever it quotes there."""
    return text if text.endswith(("!", "?", ".")) else f"{text}."
