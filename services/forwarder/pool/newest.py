"""Finds the groups in which the adbot's last post is still the newest message."""

from collections.abc import Sequence

import structlog

from libs.events.values import GroupRef
from libs.eventsourcing import Engine
from services.forwarder.pool.claims import place
from services.forwarder.pool.leases import now
from services.forwarder.pool.own_posts import posts_before
from services.forwarder.pool.posting import Posting, Prepared
from services.forwarder.ports import MessengerError

log = structlog.stdlib.get_logger()

STILL_NEWEST = "STILL_NEWEST"
"""The error of a group that was left out because the adbot's last post is still its newest message."""


class Newest:
    """Asks for the newest messages of one seat's groups, for all sends of a block together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rests_until = 0.0

    async def still(self, posting: Posting, sends: Sequence[Prepared]) -> set[GroupRef]:
        """Return the groups of sends of one cycle where an earlier post of the adbot is the newest message.

        Only groups with a known post are asked for. Where the messenger does not tell, the post is sent: it
        was asked for no more than a courtesy. A send that may have arrived is none of them, since it has to
        be made again for certainty.
        """
        asked = [one for one in sends if one.send.options.skip_newest and not one.send.doubtful]
        if not asked or now() < self._rests_until:
            return set()
        send, places = asked[0].send, [place(one.target) for one in asked]
        posts = await self._engine.query(lambda sql: posts_before(sql, send.adbot, send.cycle, places))
        asked = [one for one in asked if place(one.target) in posts]
        if not asked:
            return set()
        try:
            newest = await posting.newest([one.target for one in asked])
        except MessengerError as error:
            self._rests_until = now() + error.meaning.wait_seconds
            log.info("newest.unknown", adbot=str(send.adbot), error=error.name)
            return set()
        return {one.send.group for one in asked if newest.get(one.target) in posts[place(one.target)]}
