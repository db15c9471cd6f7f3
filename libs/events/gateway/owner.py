"""The owner of the events in this package."""

from typing import ClassVar

from libs.eventsourcing.model.event import Event


class GatewayEvent(Event):
    """An event of the gateway: by itself its owner would be the service that its module is named after."""

    owner: ClassVar[str] = "gateway"
