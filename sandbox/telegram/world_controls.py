"""The controls that fill the world and disturb it."""

from sandbox.telegram import views
from sandbox.telegram.core import Core
from sandbox.telegram.errors import UnknownError
from sandbox.telegram.models import AccountView, ChatView, FaultView, MessageView
from sandbox.telegram.objects import Draft, File, Message
from sandbox.telegram.specs import (
    AccountSpec,
    AccountState,
    AlbumSpec,
    ChannelSpec,
    ChatSettings,
    FaultSpec,
    GroupSpec,
    Media,
    MemberStatus,
    Policy,
    PostSpec,
    WorldSpec,
)

_NOT_FIELDS = {"denied", "topics", "deleted", "username", "more_usernames"}
"""The settings of a chat that are changed by more than an assignment."""


class WorldControls:
    """Creates and changes objects of the world, and injects faults.

    ``core`` is the server's state, for tests that need more than the methods here.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    # -- accounts

    def create_account(self, spec: AccountSpec | None = None) -> AccountView:
        """Create an account and return it."""
        return views.account(self.core.world.add_account(spec or AccountSpec()))

    def accounts(self) -> list[AccountView]:
        """Return all accounts."""
        return [views.account(one) for one in self.core.world.accounts.values()]

    def set_account_state(self, account: int, state: AccountState) -> AccountView:
        """Set the treatment of an account by Telegram and return the account."""
        known = self.core.world.account(account)
        known.state = state
        return views.account(known)

    # -- channels and groups

    def create_channel(self, spec: ChannelSpec | None = None) -> ChatView:
        """Create a broadcast channel with its posts and return it."""
        return self._create(spec or ChannelSpec())

    def create_group(self, spec: GroupSpec | None = None) -> ChatView:
        """Create a supergroup with its messages and return it."""
        return self._create(spec or GroupSpec())

    def _create(self, spec: ChannelSpec) -> ChatView:
        chat = self.core.world.add_chat(spec)
        for post in spec.posts:
            if isinstance(post, AlbumSpec):
                self.post_album(chat.id, post)
            else:
                self.post(chat.id, post)
        return views.chat(chat)

    def chats(self) -> list[ChatView]:
        """Return all channels and groups."""
        return [views.chat(one) for one in self.core.world.chats.values()]

    def chat(self, chat: int) -> ChatView:
        """Return a channel or group."""
        return views.chat(self.core.world.chat(chat))

    def change_chat(self, chat: int, settings: ChatSettings) -> ChatView:
        """Change the settings of a channel or group and return it."""
        known = self.core.world.chat(chat)
        changes = settings.model_dump(exclude_none=True, exclude=_NOT_FIELDS)
        for name, value in changes.items():
            setattr(known, name, value)
        if settings.denied is not None:
            known.denied = frozenset(settings.denied)
        if settings.topics is not None:
            known.topics = {topic.id: topic for topic in settings.topics}
        if settings.username is not None:
            self.core.world.rename(known, settings.username or None)
        if settings.more_usernames is not None:
            self.core.world.name_further(known, settings.more_usernames)
        if settings.deleted:
            self.core.world.delete_chat(known)
        self.core.feed.chat_changed(known)
        return views.chat(known)

    def set_member(self, chat: int, account: int, status: MemberStatus = MemberStatus.MEMBER) -> ChatView:
        """Set an account's place in a chat and return the chat."""
        known = self.core.world.chat(chat)
        known.members[self.core.world.account(account).id] = status
        self.core.feed.chat_changed(known, [account])
        return views.chat(known)

    def remove_member(self, chat: int, account: int) -> ChatView:
        """Remove an account from a chat and return the chat."""
        known = self.core.world.chat(chat)
        known.members.pop(account, None)
        self.core.feed.chat_changed(known, [account])
        return views.chat(known)

    def answer_request(self, chat: int, account: int, *, approved: bool = True) -> ChatView:
        """Answer an account's request to join as an admin would, and return the chat."""
        known = self.core.world.chat(chat)
        if account not in known.requests:
            raise UnknownError(f"account {account} has not asked to join chat {known.id}")
        known.requests.remove(account)
        if approved:
            known.members[account] = MemberStatus.MEMBER
            self.core.feed.chat_changed(known, [account])
        return views.chat(known)

    def migrate(self, chat: int) -> ChatView:
        """Make a supergroup of a basic group and return the supergroup."""
        known = self.core.world.chat(chat)
        made = self.core.world.migrate(known)
        self.core.feed.chat_changed(known, list(known.members))
        return views.chat(made)

    # -- messages

    def post(self, chat: int, spec: PostSpec) -> MessageView:
        """Add a message to a chat, whatever the rights there, and return it."""
        return self._post(chat, [spec], None)[0]

    def post_album(self, chat: int, spec: AlbumSpec) -> list[MessageView]:
        """Add an album with one grouped id and return its messages; an item without media becomes a photo."""
        items = [
            item if item.media else item.model_copy(update={"media": Media.PHOTO}) for item in spec.album
        ]
        return self._post(chat, items, self.core.world.new_number())

    def _post(self, chat: int, specs: list[PostSpec], grouped_id: int | None) -> list[MessageView]:
        world, known = self.core.world, self.core.world.chat(chat)
        written: list[Message] = []
        for spec in specs:
            if spec.sender is not None:
                world.account(spec.sender)
            file = None if spec.media is None else File(world.new_number(), spec.media, spec.file_name)
            draft = Draft(spec.text, spec.sender, file, grouped_id=grouped_id, topic=spec.topic)
            written.append(known.add(draft, spec.id))
        self.core.feed.new_messages(known, written)
        return [views.message(one) for one in written]

    def messages(self, chat: int, after: int = 0) -> list[MessageView]:
        """Return a chat's messages, oldest first, from the message after ``after``."""
        found = self.core.world.chat(chat).messages
        return [views.message(one) for number, one in found.items() if number > after]

    def delete_message(self, chat: int, message: int) -> None:
        """Delete a message of a chat."""
        known = self.core.world.chat(chat)
        gone = known.delete([message])
        if not gone:
            raise UnknownError(f"there is no message {message} in chat {known.id}")
        self.core.feed.deleted(known, gone)

    # -- behaviour

    def set_policy(self, policy: Policy) -> None:
        """Set the policy."""
        self.core.conduct.change(policy)
        if policy.salt_seconds is not None:
            self.core.salts.seconds = policy.salt_seconds

    def inject_fault(self, spec: FaultSpec) -> FaultView:
        """Add a fault for the calls that it matches and return it."""
        number = self.core.faults.add(spec).id
        return next(view for view in self.faults() if view.id == number)

    def faults(self) -> list[FaultView]:
        """Return all faults that were not removed, with the number of their uses."""
        return self.core.faults.views()

    def load(self, world: WorldSpec) -> None:
        """Add a world document to the world."""
        self.set_policy(world.policy)
        for account in world.accounts:
            self.create_account(account)
        for chat in [*world.channels, *world.groups]:
            self._create(chat)
        for fault in world.faults:
            self.inject_fault(fault)
