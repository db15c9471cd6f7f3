"""What a sandbox is started with."""

from dataclasses import dataclass, field
from typing import Literal

Encryption = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """How one sandbox behaves; a wrong value stops it from being made."""

    encryption: Encryption = "none"
    """`starttls`: nothing but that is taken before it. `tls`: from the first byte on."""
    user: str = ""
    """Who must sign in; empty: nobody."""
    password: str = field(default="", repr=False)
    size_limit: int = 10 * 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what could not work."""
        if self.user and self.encryption == "none":
            raise ValueError("a password is only asked for over an encrypted connection")
        if bool(self.user) != bool(self.password):
            raise ValueError("a user needs a password, and the other way round")
