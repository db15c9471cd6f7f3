"""Views of accounts, chats, messages and sessions for the controls."""

from sandbox.telegram.models import AccountView, ChatView, ForwardedFrom, MessageView, SessionView
from sandbox.telegram.objects import Account, Chat, Message, Origin
from sandbox.telegram.sessions import Session
from sandbox.telegram.specs import marked


def account(known: Account) -> AccountView:
    """Return the view of an account."""
    return AccountView(
        id=known.id,
        name=known.name,
        phone=known.phone,
        username=known.username,
        code=known.code,
        state=known.state,
    )


def chat(known: Chat) -> ChatView:
    """Return the view of a channel or group."""
    return ChatView(
        id=known.id,
        marked_id=-known.id if known.basic else marked(known.id),
        kind=known.kind,
        title=known.title,
        username=known.username,
        invite_link=f"https://t.me/+{known.invite_hash}",
        noforwards=known.noforwards,
        denied=sorted(known.denied),
        slow_mode_seconds=known.slow_mode_seconds,
        topics=list(known.topics.values()),
        requests=sorted(known.requests),
        migrated_to=known.migrated_to,
        members=dict(known.members),
        message_count=len(known.messages),
    )


def message(stored: Message) -> MessageView:
    """Return the view of a message."""
    draft = stored.draft
    return MessageView(
        id=stored.id,
        chat=stored.chat,
        date=stored.date,
        text=draft.text,
        entities=[type(entity).__name__ for entity in draft.entities],
        sender=draft.sender,
        forwarded_from=_origin(draft.forwarded_from),
        source=_origin(draft.source),
        grouped_id=draft.grouped_id,
        topic=draft.topic,
        media=None if draft.file is None else draft.file.kind,
        random_id=draft.random_id,
    )


def _origin(origin: Origin | None) -> ForwardedFrom | None:
    if origin is None:
        return None
    marked_chat = None if origin.chat is None else marked(origin.chat)
    return ForwardedFrom(chat=origin.chat, marked_chat=marked_chat, post=origin.post, account=origin.account)


def session(known: Session) -> SessionView:
    """Return the view of a session, without its key."""
    return SessionView(
        id=known.name,
        account=known.account,
        origin=known.origin,
        api_id=known.api_id,
        revoked=known.revoked,
        destroyed=known.destroyed,
        connections=len(known.holders),
        ever_held_twice=known.ever_held_twice,
    )
