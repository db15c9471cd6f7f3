"""The part of the sandbox's controls that fills the world and disturbs it."""

from sandbox.telegram import views
from sandbox.telegram.core import Core
from sandbox.telegram.errors import UnknownError
from sandbox.telegram.models import AccountView, ChatView, FaultView, MessageView
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
from sandbox.telegram.world import Draft, File, Message


class WorldControls:
    """Creates and changes what exists, and says how calls are to go wrong.

    ``core`` is the server's state, for tests that need more than the methods here.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    # -- accounts

    def create_account(self, spec: AccountSpec | None = None) -> AccountView:
        """Return the account, which exists from now on."""
        return views.account(self.core.world.add_account(spec or AccountSpec()))

    def accounts(self) -> list[AccountView]:
        """Return all accounts."""
        return [views.account(one) for one in self.core.world.accounts.values()]

    def set_account_state(self, account: int, state: AccountState) -> AccountView:
        """Return the account, which Telegram treats like this from now on."""
        known = self.core.world.account(account)
        known.state = state
        return views.account(known)

    # -- channels and groups

    def create_channel(self, spec: ChannelSpec | None = None) -> ChatView:
        """Return the broadcast channel, which exists from now on with its posts."""
        return self._create(spec or ChannelSpec())

    def create_group(self, spec: GroupSpec | None = None) -> ChatView:
        """Return the supergroup, which exists from now on with its messages."""
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
        """Return a channel or group as it is now."""
        return views.chat(self.core.world.chat(chat))

    def change_chat(self, chat: int, settings: ChatSettings) -> ChatView:
        """Return the channel or group, which has these settings from now on."""
        known = self.core.world.chat(chat)
        changes = settings.model_dump(exclude_none=True, exclude={"denied", "topics"})
        for name, value in changes.items():
            setattr(known, name, value)
        if settings.denied is not None:
            known.denied = frozenset(settings.denied)
        if settings.topics is not None:
            known.topics = {topic.id: topic for topic in settings.topics}
        self.core.feed.chat_changed(known)
        return views.chat(known)

    def set_member(self, chat: int, account: int, status: MemberStatus = MemberStatus.MEMBER) -> ChatView:
        """Return the chat, where the account has this place from now on."""
        known = self.core.world.chat(chat)
        known.members[self.core.world.account(account).id] = status
        self.core.feed.chat_changed(known, [account])
        return views.chat(known)

    def remove_member(self, chat: int, account: int) -> ChatView:
        """Return the chat, where the account is a stranger from now on."""
        known = self.core.world.chat(chat)
        known.members.pop(account, None)
        self.core.feed.chat_changed(known, [account])
        return views.chat(known)

    # -- messages

    def post(self, chat: int, spec: PostSpec) -> MessageView:
        """Return the message, which the chat holds from now on, whatever the rights there."""
        return self._post(chat, [spec], None)[0]

    def post_album(self, chat: int, spec: AlbumSpec) -> list[MessageView]:
        """Return the messages with one common grouped id; an item without media becomes a photo."""
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
        """Return what a chat holds, oldest first, from the message after ``after``."""
        held = self.core.world.chat(chat).messages
        return [views.message(one) for number, one in held.items() if number > after]

    def delete_message(self, chat: int, message: int) -> None:
        """Take a message out of a chat."""
        known = self.core.world.chat(chat)
        gone = known.delete([message])
        if not gone:
            raise UnknownError(f"there is no message {message} in chat {known.id}")
        self.core.feed.deleted(known, gone)

    # -- behaviour

    def set_policy(self, policy: Policy) -> None:
        """Behave like this from now on."""
        self.core.conduct.change(policy)
        if policy.salt_seconds is not None:
            self.core.salts.seconds = policy.salt_seconds

    def inject_fault(self, spec: FaultSpec) -> FaultView:
        """Return the fault, which strikes the calls it matches from now on."""
        number = self.core.faults.add(spec).id
        return next(view for view in self.faults() if view.id == number)

    def faults(self) -> list[FaultView]:
        """Return every fault that was not removed, with how often it struck."""
        return self.core.faults.views()

    def load(self, world: WorldSpec) -> None:
        """Add everything of a world document to what is there."""
        self.set_policy(world.policy)
        for account in world.accounts:
            self.create_account(account)
        for chat in [*world.channels, *world.groups]:
            self._create(chat)
        for fault in world.faults:
            self.inject_fault(fault)
