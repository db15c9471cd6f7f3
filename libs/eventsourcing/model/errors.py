"""What goes wrong, by what is to be done about it."""


class Refused(Exception):
    """What was asked for is not done, for a reason that the caller can act on.

    `code` is stable and part of the interface; `detail` is for people.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class ImpossibleEvent(Exception):
    """A stream holds an event that can't follow what stands before it."""


class WrongExpectedVersion(Exception):
    """Someone else wrote to the stream meanwhile: decide again on its new state."""


class CarriedOut(Exception):
    """The command was carried out before: what it does now must not be done again."""


class InvalidAppend(ValueError):
    """What was to be stored has no valid stream name, is too large, or holds a NUL character."""


class UnknownEvent(LookupError):
    """An event's type, or its schema, is newer than this program: upgrade it before reading on."""
