"""The settings of a sandbox."""

from dataclasses import dataclass, field
from typing import Literal

Encryption = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """The settings of one sandbox; an invalid value raises at creation."""

    encryption: Encryption = "none"
    """`starttls`: mails only after STARTTLS. `tls`: from the first byte on."""
    user: str = ""
    """The user that must sign in; empty if nobody has to."""
    password: str = field(default="", repr=False)
    size_limit: int = 10 * 1024 * 1024

    def __post_init__(self) -> None:
        """Raise for settings that contradict each other."""
        if self.user and self.encryption == "none":
            raise ValueError("a password is only asked for over an encrypted connection")
        if bool(self.user) != bool(self.password):
            raise ValueError("a user needs a password, and the other way round")
