"""What should not happen, each case named for its fact.

Expected outcomes ("this order was placed already") are return values; see the services. A `BackendError` is
shown to people as the sentence that it carries. `ConfigurationError` is outside that family on purpose: it
means that the installation is wrong, so it must stop the start and never be shown as one failed action.
"""

from __future__ import annotations

from typing import Self


class ConfigurationError(Exception):
    """The settings or the environment do not allow Tillpost to start."""


class BackendError(Exception):
    """Base of all errors that people see as one sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def copy(self) -> Self:
        """The same error as a new object, to be raised: one that is raised twice keeps the frames of both."""
        fresh = type(self).__new__(type(self), *self.args)
        fresh.__dict__.update(self.__dict__)
        return fresh


class InvalidInputError(BackendError):
    """A value was refused. `field` names the input that it came from."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class NotFoundError(BackendError):
    """The requested thing does not exist (any more)."""


class ConflictError(BackendError):
    """Somebody else changed it first; nothing was overwritten."""


class AlreadyExistsError(BackendError):
    """A thing with this identity is there already."""


class EmailTakenError(AlreadyExistsError):
    """The e-mail address belongs to another customer, whose id is `customer_id`."""

    def __init__(self, sentence: str, customer_id: str) -> None:
        super().__init__(sentence)
        self.customer_id = customer_id


class PermissionDeniedError(BackendError):
    """The team member's role does not allow the action."""


class ConfirmationNeededError(PermissionDeniedError):
    """The member has a second factor and has not shown it for a while."""


class TemplateError(BackendError):
    """A template cannot become an email. `part` is "subject", "body", …; `line` counts from 1 (0: not known).

    `variable` is the value that was missing, or "".
    """

    def __init__(self, sentence: str, *, part: str = "", line: int = 0, variable: str = "") -> None:
        super().__init__(sentence)
        self.part = part
        self.line = line
        self.variable = variable


class ConditionFailedError(BackendError):
    """A conditional write found something else; raised where the caller attached no error of its own."""


def named_key(key: tuple[str, str, str]) -> str:
    """The key as people are shown it: without the parts that hold an address, a phone or a name."""
    table, pk, sk = key
    return f"{table} / {pk[:2]}…" if pk[:2] in ("E#", "S#", "I#", "R#") else f"{table} / {pk} / {sk}"


class UnreadableItemError(BackendError):
    """An item of the store cannot be read. `key` is its table, partition key and sort key; `reason` says what is wrong.

    The sentence names the item, so it says nothing of keys that hold an address or a name.
    """

    def __init__(self, key: tuple[str, str, str], reason: str) -> None:
        super().__init__(f"The record {named_key(key)} cannot be read: {reason}. System shows how to repair it.")
        self.key = key
        self.reason = reason


class ItemTooLargeError(InvalidInputError):
    """An item or a key is larger than DynamoDB would take."""


class StoreBusyError(BackendError):
    """The store kept refusing because of load or conflicts; the write did not happen."""


class DiskFullError(StoreBusyError):
    """A disk, or the quota on it, has no room, so the write did not happen. Work goes on when there is space again."""


class StoreUnreachableError(BackendError):
    """The store did not answer. Whether the last write happened is not known."""
