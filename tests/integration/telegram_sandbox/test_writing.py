"""Forwarding and sending: what arrives, and that nothing is written twice."""

# ruff: noqa: ANN401 - Telethon ships no types

from typing import Any

import pytest

from sandbox.telegram import (
    AccountSpec,
    AccountView,
    AlbumSpec,
    ChatView,
    JournalQuery,
    Media,
    MemberStatus,
    Policy,
    PostSpec,
    Repeats,
    TelegramSandbox,
    TopicSpec,
)
from tests.integration.telegram_sandbox.conftest import Connect, MakeChat
from tests.integration.telegram_sandbox.plain_telethon import T, errors, forward

PHOTO = PostSpec(text="a photo", media=Media.PHOTO)
DOCUMENT = PostSpec(text="a document", media=Media.DOCUMENT)


def ids_by_random_id(answer: Any) -> dict[int, int]:
    return {one.random_id: one.id for one in answer.updates if isinstance(one, T.UpdateMessageID)}


async def test_a_forward_names_its_source_and_its_new_id(
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    news: ChatView,
    group: ChatView,
    source: Any,
    target: Any,
) -> None:
    answer = await client(forward(source, [1], target, [77]))
    (held,) = sandbox.messages(group.id)
    assert ids_by_random_id(answer) == {77: held.id}
    assert (held.text, held.sender, held.random_id) == ("Hello", account.id, 77)
    assert held.forwarded_from is not None
    assert (held.forwarded_from.chat, held.forwarded_from.post) == (news.id, 1)
    assert held.forwarded_from.marked_chat == news.marked_id == int(f"-100{news.id}")
    (seen,) = await client.get_messages(target, limit=1)
    assert (seen.fwd_from.from_id.channel_id, seen.fwd_from.channel_post) == (news.id, 1)


async def test_the_high_level_forward_works_too(client: Any, source: Any, target: Any) -> None:
    (message,) = await client.forward_messages(target, [1], source)
    assert message.message == "Hello"


async def test_a_forward_without_author_has_no_source(
    sandbox: TelegramSandbox, client: Any, group: ChatView, news: ChatView, source: Any, target: Any
) -> None:
    await client(forward(source, [1], target, [1], drop_author=True))
    (held,) = sandbox.messages(group.id)
    assert held.forwarded_from is None
    assert held.source is not None
    assert held.source.chat == news.id


async def test_an_album_stays_an_album_of_its_own(
    sandbox: TelegramSandbox, client: Any, news: ChatView, group: ChatView, source: Any, target: Any
) -> None:
    posted = sandbox.post_album(news.id, AlbumSpec(album=[PHOTO, PHOTO, DOCUMENT]))
    ids = [one.id for one in posted]
    for start in (10, 20):
        await client(forward(source, ids, target, [start, start + 1, start + 2]))
    held = sandbox.messages(group.id)
    assert len(held) == 6
    assert len({one.grouped_id for one in held[:3]}) == len({one.grouped_id for one in held[3:]}) == 1
    assert len({posted[0].grouped_id, held[0].grouped_id, held[3].grouped_id}) == 3
    assert [one.media for one in held[:3]] == [Media.PHOTO, Media.PHOTO, Media.DOCUMENT]


async def test_captions_can_be_dropped(
    sandbox: TelegramSandbox, client: Any, news: ChatView, group: ChatView, source: Any, target: Any
) -> None:
    post = sandbox.post(news.id, PHOTO)
    await client(forward(source, [1, post.id], target, [1, 2], drop_media_captions=True))
    assert [one.text for one in sandbox.messages(group.id)] == ["Hello", ""]


async def test_a_forward_of_a_forward_names_the_first_source(
    sandbox: TelegramSandbox,
    client: Any,
    news: ChatView,
    source: Any,
    target: Any,
    make_group: MakeChat,
) -> None:
    other = make_group()
    await client(forward(source, [1], target, [1]))
    await client(forward(target, [1], await client.get_input_entity(other.username), [2]))
    (held,) = sandbox.messages(other.id)
    assert held.forwarded_from is not None
    assert (held.forwarded_from.chat, held.forwarded_from.post) == (news.id, 1)


async def test_a_members_message_is_forwarded_in_the_members_name(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, target: Any
) -> None:
    message = await client.send_message(target, "said")
    await client(forward(target, [message.id], target, [5]))
    held = sandbox.messages(group.id)[-1]
    assert held.forwarded_from is not None
    assert held.forwarded_from.account == account.id


async def test_the_same_random_id_writes_once_and_answers_the_same(
    sandbox: TelegramSandbox, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    first = await client(forward(source, [1], target, [9]))
    second = await client(forward(source, [1], target, [9]))
    assert ids_by_random_id(first) == ids_by_random_id(second) == {9: 1}
    assert len(sandbox.messages(group.id)) == 1
    outcomes = [one.outcome for one in sandbox.journal(JournalQuery(method="messages.forwardMessages"))]
    assert outcomes == ["ok", "repeat"]


async def test_of_a_partly_repeated_forward_only_the_new_part_is_written(
    sandbox: TelegramSandbox, client: Any, news: ChatView, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.post(news.id, PostSpec(text="second"))
    await client(forward(source, [1], target, [1]))
    answer = await client(forward(source, [1, 2], target, [1, 2]))
    assert ids_by_random_id(answer) == {1: 1, 2: 2}
    assert [one.text for one in sandbox.messages(group.id)] == ["Hello", "second"]


async def test_the_random_ids_of_two_accounts_do_not_meet(
    sandbox: TelegramSandbox, client: Any, connect: Connect, group: ChatView, source: Any, target: Any
) -> None:
    other = sandbox.create_account(AccountSpec(name="Bob"))
    sandbox.set_member(group.id, other.id)
    bob = await connect(sandbox.mint_session(other.id))
    await client(forward(source, [1], target, [5]))
    names = [sandbox.chat(one).username for one in (source.channel_id, group.id)]
    bobs_source, bobs_target = [await bob.get_input_entity(name) for name in names]
    await bob(forward(bobs_source, [1], bobs_target, [5]))
    assert len(sandbox.messages(group.id)) == 2


async def test_repeats_can_be_refused_instead(
    sandbox: TelegramSandbox, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    await client(forward(source, [1], target, [9]))
    sandbox.set_policy(Policy(repeats=Repeats.REFUSE))
    try:
        with pytest.raises(errors.RandomIdDuplicateError):  # past Telethon's own retries of a 500
            await client._sender.send(forward(source, [1], target, [9]))
    finally:
        sandbox.set_policy(Policy(repeats=Repeats.ANSWER_AGAIN))
    assert len(sandbox.messages(group.id)) == 1


async def test_a_text_is_sent_with_its_formatting(
    sandbox: TelegramSandbox, client: Any, group: ChatView, target: Any
) -> None:
    sent = await client.send_message(target, "**bold** words")
    assert sandbox.messages(group.id)[0].text == "bold words"
    (seen,) = await client.get_messages(target, ids=[sent.id])
    assert seen.text == "**bold** words"


async def test_an_admin_posts_to_a_channel_and_nobody_else(
    sandbox: TelegramSandbox, account: AccountView, client: Any, news: ChatView, source: Any
) -> None:
    with pytest.raises(errors.ChatAdminRequiredError):
        await client.send_message(source, "mine")
    sandbox.set_member(news.id, account.id, MemberStatus.ADMIN)
    await client.send_message(source, "mine")
    assert sandbox.messages(news.id)[-1].text == "mine"


async def test_topics_are_recorded_and_closed_ones_refuse(
    sandbox: TelegramSandbox, account: AccountView, client: Any, source: Any, make_group: MakeChat
) -> None:
    topics = [TopicSpec(id=5), TopicSpec(id=6, closed=True), TopicSpec(id=7, deleted=True)]
    forum = make_group(topics=topics)
    target = await client.get_input_entity(forum.username)
    await client(forward(source, [1], target, [1], top_msg_id=5))
    await client(forward(source, [1], target, [2]))
    sent = await client.send_message(target, "to the topic", reply_to=5)
    assert sent.reply_to.forum_topic
    assert [one.topic for one in sandbox.messages(forum.id)] == [5, None, 5]
    for number, name in ((6, "TOPIC_CLOSED"), (7, "TOPIC_DELETED"), (8, "TOPIC_DELETED")):
        with pytest.raises(errors.BadRequestError):
            await client(forward(source, [1], target, [number], top_msg_id=number))
        assert sandbox.journal()[-1].outcome == name
    sandbox.set_member(forum.id, account.id, MemberStatus.ADMIN)
    await client(forward(source, [1], target, [6], top_msg_id=6))


async def test_one_deletes_what_one_wrote_and_nothing_else(
    sandbox: TelegramSandbox, client: Any, group: ChatView, target: Any
) -> None:
    mine = await client.send_message(target, "mine")
    sandbox.post(group.id, PostSpec(text="theirs"))
    with pytest.raises(errors.MessageDeleteForbiddenError):
        await client.delete_messages(target, [mine.id, mine.id + 1])
    await client.delete_messages(target, [mine.id])
    assert [one.text for one in sandbox.messages(group.id)] == ["theirs"]
