"""The state shared by all connections of a server."""

from dataclasses import dataclass, field

from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.errors import RpcError
from sandbox.telegram.faults import Faults
from sandbox.telegram.feed import Feed
from sandbox.telegram.journal import Journal
from sandbox.telegram.rendering import DC_ID, Renderer
from sandbox.telegram.sessions import Salts, Sessions
from sandbox.telegram.specs import DuplicateKeys, Policy, Repeats
from sandbox.telegram.world import World

CHANNEL_LIMIT = 500  # Telegram's limit, without Premium


@dataclass
class Conduct:
    """The behaviour of the server; see ``Policy``."""

    duplicate_keys: DuplicateKeys = DuplicateKeys.REJECT
    repeats: Repeats = Repeats.ANSWER_AGAIN
    api_ids: dict[int, str] = field(default_factory=dict[int, str], repr=False)
    channel_limit: int = CHANNEL_LIMIT

    def change(self, policy: Policy) -> None:
        """Apply the fields that the policy sets."""
        self.duplicate_keys = policy.duplicate_keys or self.duplicate_keys
        self.repeats = policy.repeats or self.repeats
        self.channel_limit = policy.channel_limit or self.channel_limit
        if policy.api_ids is not None:
            self.api_ids = dict(policy.api_ids)

    def require_api_id(self, api_id: int, api_hash: str | None = None) -> None:
        """Raise unless any application is accepted, or this one is known (with this hash, if given)."""
        known = self.api_ids.get(api_id)
        if self.api_ids and (known is None or api_hash not in (None, known)):
            raise RpcError("API_ID_INVALID")


class Core:
    """The state of one server."""

    def __init__(self, host: str, key: ServerKey, journal_capacity: int) -> None:
        self.host = host
        self.port = 0
        self.dc_id = DC_ID
        self.key = key
        self.world = World()
        self.sessions = Sessions()
        self.salts = Salts()
        self.faults = Faults()
        self.journal = Journal(journal_capacity)
        self.conduct = Conduct()
        self.renderer = Renderer(self.world)
        self.feed = Feed(self.renderer)
