"""Events of sending, as the forwarder and the scheduler publish them."""

from dataclasses import dataclass, field
from datetime import datetime

from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Delivery, Share
from libs.events.provisioning import SessionAssigned, SessionStocked
from libs.events.scheduler import AdvertisementSet
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    Party,
    ResultClass,
    SessionId,
)
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

POST = ChannelPost(channel="@channel", message=42)
PAIR = ApplicationId(new_id())


def delivery(
    group: str,
    session: SessionId | None,
    result: ResultClass,
    error: str = "",
    party: Party | None = None,
    at: datetime | None = None,
) -> Delivery:
    """Return a delivery of now."""
    return Delivery(group=group, session=session, result=result, error=error, party=party, at=at or utc_now())


@dataclass
class Advertised:
    """An adbot with two sessions and an advertisement, whose deliveries a test publishes."""

    harness: GatewayHarness
    client: Client
    adbot: AdbotId
    groups: tuple[str, ...]
    seats: list[SessionId] = field(default_factory=lambda: [SessionId(new_id()), SessionId(new_id())])

    @property
    def path(self) -> str:
        """The adbot's REST path."""
        return f"adbots/{self.adbot}"

    async def stock_seats(self) -> None:
        """Stock and assign the sessions; wait until the gateway shows them."""
        for number, session in enumerate(self.seats, 1):
            stocked = SessionStocked(session=session, telegram_user=number, phone=f"+49…0{number}")
            await self.harness.provisioning.publish(f"session-{session}", stocked)
        await self.assign(self.seats)

    async def prepare(self) -> None:
        """Stock and assign the sessions, and set the advertisement; wait until the gateway shows both."""
        await self.stock_seats()
        await self.harness.scheduler.publish(
            f"schedule-{self.adbot}", AdvertisementSet(adbot=self.adbot, post=POST, groups=self.groups)
        )

        async def set_() -> bool:
            return bool((await self.client.get(self.path))["advertisement"])

        await until(set_)

    async def assign(self, sessions: list[SessionId]) -> None:
        """Assign sessions to the adbot; wait until the gateway shows them as its seats."""
        for session in sessions:
            assigned = SessionAssigned(session=session, adbot=self.adbot, pair=PAIR)
            await self.harness.provisioning.publish(f"session-{session}", assigned)

        async def seated() -> int:
            return len((await self.client.get(f"{self.path}/statistics"))["seats"])

        await until(seated, lambda seats: seats >= len(sessions))

    def started(self, at: datetime | None = None) -> CycleStarted:
        """Return the start of a cycle of both sessions."""
        return CycleStarted(
            cycle=CycleId(new_id()),
            adbot=self.adbot,
            post=POST,
            pacing=Pacing(delay_seconds=0),
            shares=tuple(Share(session=seat, pair=PAIR, groups=self.groups) for seat in self.seats),
            started_at=at or utc_now(),
        )

    async def publish(self, *deliveries: Delivery, at: datetime | None = None) -> CycleId:
        """Publish a cycle with these deliveries."""
        started = self.started(at)
        recorded = DeliveriesRecorded(cycle=started.cycle, adbot=self.adbot, deliveries=deliveries)
        await self.harness.forwarder.publish(f"cycle-{started.cycle}", started, recorded)
        return started.cycle

    async def send(self, *deliveries: Delivery, at: datetime | None = None) -> None:
        """Publish a cycle with these deliveries; wait until the gateway has folded them."""
        cycle = await self.publish(*deliveries, at=at)

        async def folded() -> bool:
            lines = (await self.client.get(f"{self.path}/logs", limit=1000))["items"]
            return any(line["cycle"] == str(cycle) for line in lines)

        await until(folded)


async def advertised(harness: GatewayHarness, client: Client, *groups: str) -> Advertised:
    """Return a new adbot of a client with these groups."""
    made = Advertised(harness, client, await harness.adbot(client, seats=2), groups)
    await made.prepare()
    return made
