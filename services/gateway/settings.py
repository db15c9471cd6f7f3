"""What the gateway is told by the environment."""

from typing import ClassVar

from pydantic import Field

from libs.chassis.settings import ServiceSettings, StrongSecret


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
    token_seconds: int = Field(12 * 3600, ge=60, description="How long a token is good for")
    sign_ins_per_minute: int = Field(10, ge=1, description="Allowed from one address")
    checkouts_per_minute: int = Field(30, ge=1, description="Allowed from one address, and for one e-mail")
    command_seconds: float = Field(15.0, gt=0, description="How long a service may take over a command")
    read_your_writes_seconds: float = Field(
        2.0, ge=0, description="How long an answer waits until reads show what was written"
    )
