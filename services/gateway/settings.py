"""The gateway's settings, from the environment."""

import re
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from libs.chassis.networks import Networks, NetworksSetting
from libs.chassis.setting_files import Certificates
from libs.chassis.settings import (
    ServiceSettings,
    StrongSecret,
    at_least,
    none_or,
    secrets_in_use,
    signing_key,
    strong,
)
from libs.chassis.signing import MessageSigner
from libs.events.values import Coin
from libs.nowpayments.coins import DEFAULT_COINS, coins_in
from libs.nowpayments.signature import ALSO_SIGNED_WITH, SIGNED_WITH
from libs.sealing import PublicKey
from services.gateway.adapters.smtp import Security
from services.gateway.mail.addresses import canonical, is_sender

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


def _strong_or_off(secret: SecretStr) -> SecretStr:
    """Check the strength of a secret; `off` becomes empty."""
    return SecretStr("") if secret.get_secret_value() == "off" else strong(secret)


def _signing_key(secret: SecretStr) -> SecretStr:
    return SecretStr(signing_key(secret.get_secret_value()))


def _origins(text: object) -> object:
    """Return the origins in a comma-separated text; raise `ValueError` naming what is no origin."""
    if not isinstance(text, str):
        return text
    origins = tuple(filter(None, (one.strip() for one in text.split(","))))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            message = f"{origin} is no origin such as https://ads.example.org, without a path and never *"
            raise ValueError(message)
    return origins


def _sender(text: str) -> Address:
    """Parse the sender of mails; raise `ValueError` unless it is one mailbox with a domain."""
    found = Address()
    with suppress(ValueError, IndexError, MessageError):
        header: Any = SMTP.header_factory("From", text)
        if not header.defects and len(header.addresses) == 1:
            found = header.addresses[0]
    if not found.addr_spec.isascii() or not is_sender(found.addr_spec):
        raise ValueError("is no sender such as Adrelay <no-reply@ads.example.org>")
    return found


def _public_key(text: str) -> str:
    if text:
        PublicKey.read(text)
    return text


def _addresses(text: str) -> str:
    """Return addresses, separated by commas; raise `ValueError` for one that can't receive mails."""
    return ", ".join(dict.fromkeys(canonical(one.strip()) for one in text.split(",") if one.strip()))


class GatewaySettings(ServiceSettings):
    """The gateway's own settings, `ADRELAY_GATEWAY_…`."""

    service: ClassVar[str] = "gateway"
    public: ClassVar[bool] = True

    http_port: int = Field(8080, ge=0, le=65535, description="The API's TCP port; 0: any free port")
    command_key: Annotated[SecretStr, AfterValidator(_signing_key)] = Field(
        description="The private key that signs commands to the services, which nobody else has; "
        "`adrelay keygen` makes it, and ADRELAY_COMMAND_PUBLIC_KEY"
    )
    jwt_secret: StrongSecret = Field(
        description="The secret that signs clients' tokens; `adrelay keygen` generates one"
    )
    other_jwt_secret: Annotated[SecretStr, AfterValidator(none_or(strong))] = Field(
        SecretStr(""), description="Another secret whose tokens are valid, during a change; empty: none"
    )
    admin_token: Annotated[SecretStr, AfterValidator(_strong_or_off)] = Field(
        description="The token of scripts for the operator's routes; `adrelay keygen` generates one. `off`: "
        "only admins' accounts with a second factor may call them",
    )
    other_admin_token: Annotated[SecretStr, AfterValidator(none_or(strong))] = Field(
        SecretStr(""), description="Another token that scripts may use, during a change; empty: none"
    )
    foreign_jwt_secret: Annotated[SecretStr, AfterValidator(none_or(at_least(32)))] = Field(
        SecretStr(""),
        description="The secret of another issuer of tokens, such as a Supabase project; empty: none",
    )
    other_foreign_jwt_secret: Annotated[SecretStr, AfterValidator(none_or(at_least(32)))] = Field(
        SecretStr(""), description="Another secret of that issuer, during a change; empty: none"
    )
    foreign_jwt_issuer: str = Field(
        "",
        max_length=300,
        description="The `iss` of its tokens, such as https://<project>.supabase.co/auth/v1",
    )
    foreign_jwt_audience: str = Field("authenticated", min_length=1, max_length=300)
    code_pepper: StrongSecret = Field(
        description="The key of the hashes of access codes and API keys; never change it without the former "
        "one in ADRELAY_GATEWAY_OTHER_CODE_PEPPER, see docs/how-to/change-secrets.md; `adrelay keygen` "
        "generates one"
    )
    other_code_pepper: Annotated[SecretStr, AfterValidator(none_or(strong))] = Field(
        SecretStr(""),
        description="Another key, during a change: access codes and API keys made with it work; empty: none",
    )
    ipn_secret: Annotated[SecretStr, AfterValidator(at_least(16))] = Field(
        validation_alias="ADRELAY_BILLING_IPN_SECRET", description=SIGNED_WITH
    )
    """Billing's setting: the gateway refuses forged notifications before billing receives them."""
    other_ipn_secret: Annotated[SecretStr, AfterValidator(none_or(at_least(16)))] = Field(
        SecretStr(""), validation_alias="ADRELAY_BILLING_OTHER_IPN_SECRET", description=ALSO_SIGNED_WITH
    )
    coins: Annotated[dict[Coin, str], NoDecode, BeforeValidator(coins_in)] = Field(
        DEFAULT_COINS,
        validation_alias="ADRELAY_BILLING_COINS",
        description="The accepted coins, as billing has them, for the list that clients see",
    )
    """Billing's setting: billing decides about each order."""
    vault_public_key: Annotated[str, AfterValidator(_public_key)] = Field(
        "",
        description="The vault's public key, to which sessions and API hashes are sealed as soon as they are "
        "uploaded; `adrelay up` derives it, `adrelay keygen --public` prints that of your vault keys. "
        "Without it uploads are refused",
    )
    deliveries_days: int = Field(
        30, ge=1, le=36500, description="For how many days the log of deliveries is kept; counts are kept"
    )
    activity_days: int = Field(
        365, ge=1, le=36500, description="For how many days the log of what operators did is kept"
    )
    token_seconds: int = Field(900, ge=60, le=86_400, description="How long an access token is valid")
    refresh_seconds: int = Field(
        30 * 86_400, ge=3600, description="How long a device stays signed in without being used"
    )
    sign_ins_per_minute: int = Field(10, ge=1, description="The limit per network address")
    wrong_secrets_per_hour: int = Field(
        5,
        ge=1,
        description="How many wrong access codes, or operator's tokens, one network address may send "
        "before growing delays follow",
    )
    checkouts_per_minute: int = Field(
        30, ge=1, description="The limit per network address, and per e-mail address"
    )
    checkouts_per_hour: int = Field(
        60, ge=1, description="The limit per network address: a checkout may send a mail to any address"
    )
    writes_per_minute: int = Field(
        30, ge=1, description="The limit per account: setting, starting, stopping, renewing, cancelling"
    )
    writes_per_day: int = Field(500, ge=1, description="The same limit in any 24 hours; also of sign-ins")
    payment_looks_per_minute: int = Field(
        3000, ge=1, description="The limit of requests for the state of payments per network address"
    )
    webhooks_private_networks: bool = Field(
        default=False,
        description="Whether outgoing webhooks may call private networks, and by plain HTTP: for trials on "
        "one machine. Anybody with an account could reach what this machine reaches",
    )
    reads_per_minute: int = Field(3000, ge=1, description="The limit of reading requests of one token")
    reads_per_minute_per_address: int = Field(
        12_000, ge=1, description="The limit of reading requests per network address"
    )
    trusted_proxies: NetworksSetting = Field(
        Networks(),
        description="The networks of the proxies whose reports of a client's address and scheme are trusted, "
        "such as 10.0.0.0/8,2001:db8::/32; empty: none",
    )
    proxy_headers: Literal["x-forwarded", "forwarded"] = Field(
        "x-forwarded",
        description="How they report: by X-Forwarded-For and X-Forwarded-Proto, or by Forwarded (RFC 7239). "
        "The others are ignored, for a client may have sent them",
    )
    admin_networks: NetworksSetting = Field(
        Networks(), description="The networks from which the operator's routes can be used; empty: all"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        "",
        validate_default=True,
        description="The origins of web pages whose scripts may call the API, such as "
        "https://ads.example.org,https://app.example.org; empty: none",
    )
    requests_in_progress: int = Field(
        500, ge=1, description="Above this number of requests in progress in one process, more are refused"
    )
    web_folder: Path | None = Field(
        None,
        description="The folder of the built web application; left out: `web/dist` beside the code",
    )
    connections: int = Field(2000, ge=1, description="How many connections one process has open at most")
    connections_per_address: int = Field(
        200, ge=1, description="How many of them one network address may have; trusted proxies have no limit"
    )
    header_seconds: float = Field(
        10.0, gt=0, le=300, description="How long the headers of a request may take to arrive"
    )
    idle_seconds: int = Field(
        75, ge=1, le=3600, description="How long a connection stays open without a request"
    )
    listeners: int = Field(
        1000, ge=1, description="How many may listen to the log of one process, and to its changes"
    )
    listeners_per_account: int = Field(5, ge=1, description="The same limit for one account")
    command_seconds: float = Field(15.0, gt=0, description="The timeout of a command to another service")
    read_your_writes_seconds: float = Field(
        2.0, ge=0, description="How long an answer waits for the read models to include what it wrote"
    )
    smtp_host: str = Field(
        "",
        description="The mail server. Without one, no mails are sent: notifications are shown in the app "
        "only, and the operator issues access codes",
    )
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Security = Field(
        "starttls",
        description="`starttls` (usual on port 587), `tls` (465), or `plain` (25, on this machine only)",
    )
    smtp_username: str = Field("", description="Empty if the server needs no authentication")
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Certificates = Field(
        None, description="A file of CA certificates to trust instead of the system's"
    )
    smtp_timeout_seconds: float = Field(30.0, gt=0, le=300, description="The timeout of sending one mail")
    mail_from: str = Field(
        "",
        validate_default=True,
        description="The sender of mails, such as Adrelay <no-reply@ads.example.org>; needed with a server",
    )
    mail_give_up_seconds: int = Field(
        86_400, ge=1, description="How long a mail that the mail server does not accept is retried"
    )
    site_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="The URL of the web application; if set, mails contain it and link to the pages of "
        "orders and adbots at its root, and only pages of its origin may use cookies",
    )

    operator_mails: Annotated[str, AfterValidator(_addresses)] = Field(
        "",
        description="The addresses to which notices to the operator are mailed, separated by commas; empty: "
        "they are shown by `adrelay operations notices` only",
    )
    operator_mails_per_hour: int = Field(
        6, ge=1, le=60, description="How many mails with notices are sent in an hour, at most"
    )
    operator_mail_gather_seconds: float = Field(
        120.0, ge=0, le=3600, description="How long a notice waits for others to be mailed with it"
    )
    notice_check_seconds: float = Field(
        30.0, ge=0.1, le=3600, description="How often the gateway looks for what the operator is to be told"
    )
    notice_after_seconds: float = Field(
        300.0,
        ge=1,
        le=86_400,
        description="How long a reader lags, a relay stands still, or a service does not answer until the "
        "operator is told",
    )
    low_stock_sessions: int = Field(
        3,
        ge=0,
        le=100_000,
        description="With fewer unused sessions, the operator is told that stock is low, and again only "
        "once there were half as many more; 0: never",
    )
    lost_sessions_per_hour: int = Field(
        5, ge=0, le=100_000, description="How many lost sessions in an hour the operator is told of; 0: never"
    )
    attention_percent: Decimal = Field(
        Decimal(1),
        ge=0,
        le=100,
        description="An excess, money that does not count, or a part that was paid, of less than this "
        "percentage of the requested amount needs no person",
    )

    @field_validator("mail_from")
    @classmethod
    def _from(cls, text: str, info: ValidationInfo) -> str:
        if text or info.data.get("smtp_host"):
            _sender(text)
        return text

    @field_validator("command_key")
    @classmethod
    def _pair(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        public = MessageSigner.of(key.get_secret_value()).public_key
        if public not in str(info.data.get("command_public_key", public)).split(","):
            message = f"does not belong to ADRELAY_COMMAND_PUBLIC_KEY, which would have to be {public}"
            raise ValueError(message)
        return key

    @model_validator(mode="after")
    def _issuer(self) -> Self:
        if self.foreign_jwt_secret.get_secret_value() and not self.foreign_jwt_issuer:
            raise ValueError("foreign_jwt_secret needs foreign_jwt_issuer")
        return self

    @property
    def vault_key(self) -> PublicKey | None:
        """The vault's public key; None if it is not set."""
        return PublicKey.read(self.vault_public_key) if self.vault_public_key else None

    @property
    def jwt_secrets(self) -> Sequence[SecretStr]:
        """The secrets of our tokens, the present one first."""
        return secrets_in_use(self.jwt_secret, self.other_jwt_secret)

    @property
    def foreign_jwt_secrets(self) -> Sequence[SecretStr]:
        """The secrets of the other issuer; none if there is no issuer."""
        return secrets_in_use(self.foreign_jwt_secret, self.other_foreign_jwt_secret)

    @property
    def admin_tokens(self) -> Sequence[SecretStr]:
        """The tokens of scripts; none if they are off."""
        off = not self.admin_token.get_secret_value()
        return () if off else secrets_in_use(self.admin_token, self.other_admin_token)

    @property
    def code_peppers(self) -> Sequence[SecretStr]:
        """The keys of hashes, the present one first."""
        return secrets_in_use(self.code_pepper, self.other_code_pepper)

    @property
    def ipn_secrets(self) -> Sequence[SecretStr]:
        """The secrets that the provider may sign with."""
        return secrets_in_use(self.ipn_secret, self.other_ipn_secret)

    @property
    def mails(self) -> bool:
        """Return whether mails are sent."""
        return bool(self.smtp_host)

    @property
    def mails_to_operator(self) -> bool:
        """Return whether notices to the operator are mailed."""
        return self.mails and bool(self.operator_mails)

    @property
    def operator_addresses(self) -> tuple[str, ...]:
        """The addresses to which notices are mailed."""
        return tuple(self.operator_mails.split(", ")) if self.operator_mails else ()

    @property
    def sender(self) -> Address:
        """The sender of mails; raise `ValueError` if no mails are sent."""
        return _sender(self.mail_from)
