"""The gateway's settings, from the environment."""

from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from libs.chassis.settings import ServiceSettings, StrongSecret, at_least
from libs.nowpayments.signature import SIGNED_WITH
from services.gateway.adapters.smtp import Security
from services.gateway.mail.addresses import is_sender


def _file(path: str) -> str:
    if path and not Path(path).is_file():
        raise ValueError("names no file")
    return path


def _sender(text: str) -> Address:
    """Return who mails come from; raise `ValueError` unless it is one mailbox with a domain."""
    found = Address()
    with suppress(ValueError, IndexError, MessageError):
        header: Any = SMTP.header_factory("From", text)
        if not header.defects and len(header.addresses) == 1:
            found = header.addresses[0]
    if not found.addr_spec.isascii() or not is_sender(found.addr_spec):
        raise ValueError("is no sender such as Adrelay <no-reply@ads.example.org>")
    return found


class GatewaySettings(ServiceSettings):
    """The gateway's settings."""

    service: ClassVar[str] = "gateway"

    http_port: int = Field(8080, ge=0, le=65535, description="Where the API is served; 0: any free port")
    jwt_secret: StrongSecret = Field(
        description="Signs the tokens of signed-in clients; `adrelay keygen` makes a good one"
    )
    admin_token: StrongSecret = Field(
        description="Opens the operator's routes; `adrelay keygen` makes a good one"
    )
    code_pepper: StrongSecret = Field(
        description="Keys the hashes of access codes, and can't be changed later without resetting them all; "
        "`adrelay keygen` makes a good one"
    )
    ipn_secret: Annotated[SecretStr, AfterValidator(at_least(16))] = Field(
        validation_alias="ADRELAY_BILLING_IPN_SECRET", description=SIGNED_WITH
    )
    """Billing's: set once, and forged notifications are refused before billing hears of them."""
    token_seconds: int = Field(12 * 3600, ge=60, description="How long a token is good for")
    sign_ins_per_minute: int = Field(10, ge=1, description="Allowed from one address")
    checkouts_per_minute: int = Field(30, ge=1, description="Allowed from one address, and for one e-mail")
    checkouts_per_hour: int = Field(
        60, ge=1, description="Allowed from one address: each may send a mail to whose address it names"
    )
    writes_per_minute: int = Field(
        30, ge=1, description="Allowed from one account: setting, starting, stopping, renewing, calling off"
    )
    writes_per_day: int = Field(500, ge=1, description="The same, in any 24 hours")
    payment_looks_per_minute: int = Field(
        3000, ge=1, description="How often the state of payments may be asked for from one address"
    )
    command_seconds: float = Field(15.0, gt=0, description="How long a service may take over a command")
    read_your_writes_seconds: float = Field(
        2.0, ge=0, description="How long an answer waits until reads show what was written"
    )
    smtp_host: str = Field(
        "",
        description="The mail server. Without one, mails are not sent: notifications are only kept in-app, "
        "and access codes are given by the operator",
    )
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Security = Field(
        "starttls",
        description="`starttls` (usual on port 587), `tls` (465), or `plain` (25, on this machine only)",
    )
    smtp_username: str = Field("", description="Left empty if the server asks for none")
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Annotated[str, AfterValidator(_file)] = Field(
        "", description="Certificates to trust instead of the system's"
    )
    smtp_timeout_seconds: float = Field(
        30.0, gt=0, le=300, description="How long the mail server may take over one mail"
    )
    mail_from: str = Field(
        "",
        validate_default=True,
        description="Who mails come from, such as Adrelay <no-reply@ads.example.org>; needed with a server",
    )
    mail_give_up_seconds: int = Field(
        86_400, ge=1, description="How long a mail is tried to be sent that the mail server does not take"
    )
    site_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="Where clients sign in; mails name it if it is set"
    )

    @field_validator("mail_from")
    @classmethod
    def _from(cls, text: str, info: ValidationInfo) -> str:
        if text or info.data.get("smtp_host"):
            _sender(text)
        return text

    @property
    def mails(self) -> bool:
        """Whether mails are sent."""
        return bool(self.smtp_host)

    @property
    def sender(self) -> Address:
        """Who mails come from; raises `ValueError` where no mails are sent."""
        return _sender(self.mail_from)
