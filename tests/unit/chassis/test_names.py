"""Names that other programs see do not change."""

from nats.aio.client import Client
from pydantic import SecretStr

from libs.chassis.broker import event_stream
from libs.chassis.command_messages import ACTOR, COMMAND, CORRELATION
from libs.chassis.service import Chassis
from libs.chassis.settings import ServiceSettings
from tests.support.signing import SIGNER


class KioskSettings(ServiceSettings):
    """Settings of a service that is not Adrelay's."""

    service = "kiosk"


def test_the_names_of_message_headers_do_not_change() -> None:
    stream = event_stream(Client(), prefix="t")
    assert (stream.name, stream.position_header, stream.follows_header) == (
        "tEVENTS",
        "Adrelay-Position",
        "Adrelay-Follows",
    )
    assert {CORRELATION, COMMAND, ACTOR} == {"Adrelay-Correlation-Id", "Adrelay-Command-Id", "Adrelay-Actor"}


def test_the_name_of_connections_does_not_change() -> None:
    settings = KioskSettings.model_construct(
        postgres_url=SecretStr("postgresql://localhost/kiosk"), command_public_key=SIGNER.public_key
    )
    assert Chassis(settings).engine.tables.application == "adrelay"
