"""Forwarding and sending: what is refused to whom, and with which error."""

# ruff: noqa: ANN401 - Telethon ships no types

from typing import Any

import pytest

from sandbox.telegram import (
    AccountState,
    AccountView,
    ChannelSpec,
    ChatSettings,
    ChatView,
    Denied,
    Media,
    MemberStatus,
    PostSpec,
    TelegramSandbox,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.plain_telethon import F, T, errors, forward

PHOTO = PostSpec(text="a photo", media=Media.PHOTO)
DOCUMENT = PostSpec(text="a document", media=Media.DOCUMENT)


@pytest.mark.parametrize(
    ("text", "error"),
    [("  ", errors.MessageEmptyError), ("x" * 4097, errors.MessageTooLongError)],
)
async def test_a_text_that_is_none_or_too_long_is_refused(
    client: Any, target: Any, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await client(F.messages.SendMessageRequest(target, text))


async def test_only_chats_can_be_written_to(client: Any) -> None:
    with pytest.raises(errors.PeerIdInvalidError):
        await client(F.messages.SendMessageRequest(T.InputPeerSelf(), "to myself"))


async def test_a_protected_channel_can_not_be_forwarded_from(
    sandbox: TelegramSandbox, client: Any, news: ChatView, source: Any, target: Any
) -> None:
    sandbox.change_chat(news.id, ChatSettings(noforwards=True))
    with pytest.raises(errors.ChatForwardsRestrictedError):
        await client(forward(source, [1], target, [1]))


async def test_a_post_that_is_not_there_can_not_be_forwarded(
    sandbox: TelegramSandbox, client: Any, news: ChatView, source: Any, target: Any
) -> None:
    sandbox.delete_message(news.id, 1)
    with pytest.raises(errors.MessageIdInvalidError):
        await client(forward(source, [1], target, [1]))


@pytest.mark.parametrize(
    ("ids", "random_ids", "name"),
    [
        ([], [], "MESSAGE_IDS_EMPTY"),
        ([1], [], "RANDOM_ID_INVALID"),
        ([1, 1], [3, 3], "RANDOM_ID_INVALID"),
        (list(range(101)), list(range(101)), "MESSAGE_IDS_TOO_MANY"),
    ],
)
async def test_a_forward_that_makes_no_sense_is_refused(
    sandbox: TelegramSandbox,
    client: Any,
    source: Any,
    target: Any,
    ids: list[int],
    random_ids: list[int],
    name: str,
) -> None:
    with pytest.raises(errors.BadRequestError):
        await client(forward(source, ids, target, random_ids))
    assert sandbox.journal()[-1].outcome == name


async def test_a_wrong_access_hash_is_refused(client: Any, source: Any, group: ChatView) -> None:
    with pytest.raises(errors.ChannelInvalidError):
        await client(forward(source, [1], T.InputPeerChannel(group.id, 12345), [1]))


DENIALS = [
    (Denied.SEND_MESSAGES, None, "CHAT_WRITE_FORBIDDEN"),
    (Denied.SEND_PLAIN, None, "CHAT_SEND_PLAIN_FORBIDDEN"),
    (Denied.SEND_MEDIA, PHOTO, "CHAT_SEND_MEDIA_FORBIDDEN"),
    (Denied.SEND_PHOTOS, PHOTO, "CHAT_SEND_PHOTOS_FORBIDDEN"),
    (Denied.SEND_DOCS, DOCUMENT, "CHAT_SEND_DOCS_FORBIDDEN"),
]


@pytest.mark.parametrize(("denied", "post", "name"), DENIALS)
async def test_what_a_group_denies_is_refused_to_members_but_not_to_admins(  # noqa: PLR0917 - fixtures
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    news: ChatView,
    group: ChatView,
    source: Any,
    target: Any,
    denied: Denied,
    post: PostSpec | None,
    name: str,
) -> None:
    number = 1 if post is None else sandbox.post(news.id, post).id
    sandbox.change_chat(group.id, ChatSettings(denied=[denied]))
    with pytest.raises(errors.ForbiddenError):
        await client(forward(source, [number], target, [1]))
    assert sandbox.journal()[-1].outcome == name
    sandbox.set_member(group.id, account.id, MemberStatus.ADMIN)
    await client(forward(source, [number], target, [1]))
    assert len(sandbox.messages(group.id)) == 1


async def test_a_stranger_may_not_write_and_is_told_to_join_where_that_helps(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.remove_member(group.id, account.id)
    with pytest.raises(errors.ChatWriteForbiddenError):
        await client(forward(source, [1], target, [1]))
    sandbox.change_chat(group.id, ChatSettings(join_to_send=True))
    with pytest.raises(errors.ChatGuestSendForbiddenError):
        await client(forward(source, [1], target, [1]))


async def test_a_restricted_and_a_banned_member_are_refused(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.set_member(group.id, account.id, MemberStatus.RESTRICTED)
    with pytest.raises(errors.UserBannedInChannelError):
        await client(forward(source, [1], target, [1]))
    sandbox.set_member(group.id, account.id, MemberStatus.BANNED)
    with pytest.raises(errors.ChannelPrivateError):
        await client(forward(source, [1], target, [1]))


async def test_a_private_channel_is_a_closed_book_to_strangers(
    sandbox: TelegramSandbox, account: AccountView, client: Any, target: Any
) -> None:
    channel = sandbox.create_channel(ChannelSpec(members=[account.id], posts=[PostSpec(text="inside")]))
    (dialog,) = [one for one in await client.get_dialogs() if one.entity.id == channel.id]
    await client(forward(dialog.input_entity, [1], target, [1]))
    sandbox.remove_member(channel.id, account.id)
    with pytest.raises(errors.ChannelPrivateError):
        await client(forward(dialog.input_entity, [1], target, [2]))


async def test_slow_mode_lets_one_message_pass_at_a_time(
    sandbox: TelegramSandbox, client: Any, news: ChatView, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.post(news.id, PostSpec(text="second"))
    sandbox.change_chat(group.id, ChatSettings(slow_mode_seconds=3600))
    with pytest.raises(errors.SlowModeMultiMsgsDisabledError):
        await client(forward(source, [1, 2], target, [1, 2]))
    await client(forward(source, [1], target, [1]))
    with pytest.raises(errors.SlowModeWaitError) as refusal:
        await client(forward(source, [1], target, [2]))
    assert 3600 - DEADLINE_SECONDS < refusal.value.seconds <= 3600
    await client(forward(source, [1], target, [1]))  # a repeat writes nothing, so it does not wait


async def test_a_frozen_account_reads_but_does_not_write(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.set_account_state(account.id, AccountState.FROZEN)
    with pytest.raises(errors.FrozenMethodInvalidError) as refusal:
        await client(forward(source, [1], target, [1]))
    assert refusal.value.code == 420
    assert await client.get_messages(target, limit=5) == []
    with pytest.raises(errors.FrozenParticipantMissingError):
        await client.get_messages(source, limit=5)
    assert sandbox.messages(group.id) == []
