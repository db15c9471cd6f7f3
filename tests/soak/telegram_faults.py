"""What happens in Telegram meanwhile: limits, private groups, banned accounts; most of it passes."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence

from sandbox.telegram import (
    AccountState,
    ChatSettings,
    Denied,
    FaultAction,
    FaultSpec,
    TelegramSandboxControl,
)

SENDS = "messages.forwardMessages"
READS = "channels.getMessages"
PAUSE_SECONDS = 1.0, 6.0


class TelegramFaults:
    """Lets something happen to a random account, group or channel every few seconds."""

    def __init__(
        self,
        telegram: TelegramSandboxControl,
        chance: random.Random,
        *,
        accounts: Sequence[int],
        groups: Sequence[int],
        channels: Sequence[int],
        bans: int,
    ) -> None:
        self.happened: Counter[str] = Counter()
        self._telegram = telegram
        self._chance = chance
        self._accounts, self._groups, self._channels = accounts, groups, channels
        self._bans = bans
        """How many accounts may still be banned: as many as there are spare ones."""
        self._kinds: list[tuple[int, str, Callable[[], Coroutine[None, None, None]]]] = [
            (8, "an account is told to wait", self._flood_wait),
            (5, "a group has slow mode for a while", self._slow_mode),
            (5, "a group is private for a while", self._private),
            (4, "a group is closed to members for a while", self._closed),
            (2, "an account is limited", self._limited),
            (2, "a channel is private for a moment", self._channel),
            (2, "an answer can't be read", self._unreadable),
            (1, "an account is banned", self._ban),
        ]

    async def run(self) -> None:
        """Go on until cancelled; then end all that lasts."""
        weights = [weight for weight, _, _ in self._kinds]
        try:
            async with asyncio.TaskGroup() as lasting:
                while True:
                    await asyncio.sleep(self._chance.uniform(*PAUSE_SECONDS))
                    ((_, what, happen),) = self._chance.choices(self._kinds, weights)
                    self.happened[what] += 1
                    lasting.create_task(happen())
        finally:
            await self._telegram.clear_faults()

    async def _flood_wait(self) -> None:
        name = f"FLOOD_WAIT_{self._chance.randint(3, 40)}"
        await self._fault(FaultSpec(account=self._account(), method=SENDS, name=name, times=1))

    async def _limited(self) -> None:
        await self._fault(FaultSpec(account=self._account(), method=SENDS, name="PEER_FLOOD", times=1))

    async def _unreadable(self) -> None:
        spec = FaultSpec(account=self._account(), method=SENDS, action=FaultAction.UNREADABLE, times=1)
        await self._fault(spec)

    async def _private(self) -> None:
        seconds = self._chance.uniform(10, 60)
        await self._fault(FaultSpec(chat=self._group(), name="CHANNEL_PRIVATE", for_seconds=seconds))

    async def _channel(self) -> None:
        chat, seconds = self._chance.choice(self._channels), self._chance.uniform(0.5, 3)
        await self._fault(FaultSpec(chat=chat, method=READS, name="CHANNEL_PRIVATE", for_seconds=seconds))

    async def _slow_mode(self) -> None:
        await self._for_a_while(
            ChatSettings(slow_mode_seconds=self._chance.randint(10, 60)), "slow_mode_seconds"
        )

    async def _closed(self) -> None:
        await self._for_a_while(ChatSettings(denied=[Denied.SEND_MESSAGES]), "denied")

    async def _for_a_while(self, settings: ChatSettings, field: str) -> None:
        group = self._group()
        before = ChatSettings.model_validate({field: 0 if field == "slow_mode_seconds" else []})
        try:
            await self._telegram.change_chat(group, settings)
            await asyncio.sleep(self._chance.uniform(10, 60))
        finally:
            await self._telegram.change_chat(group, before)

    async def _ban(self) -> None:
        if self._bans > 0:
            self._bans -= 1
            await self._telegram.set_account_state(self._account(), AccountState.BANNED)

    async def _fault(self, spec: FaultSpec) -> None:
        await self._telegram.inject_fault(spec)

    def _account(self) -> int:
        return self._chance.choice(self._accounts)

    def _group(self) -> int:
        return self._chance.choice(self._groups)
