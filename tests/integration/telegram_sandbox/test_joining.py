"""Joining with an admin's approval, basic groups that become supergroups, and changing public names."""

# ruff: noqa: ANN401 - Telethon ships no types

from typing import Any

import pytest

from sandbox.telegram import AccountView, ChatSettings, GroupSpec, TelegramSandbox
from tests.integration.telegram_sandbox.plain_telethon import F, T, errors


async def test_a_request_to_join_waits_for_an_admin(
    client: Any, account: AccountView, sandbox: TelegramSandbox
) -> None:
    group = sandbox.create_group(GroupSpec(join_request=True))
    link = group.invite_link.rpartition("+")[2]
    with pytest.raises(errors.InviteRequestSentError):
        await client(F.messages.ImportChatInviteRequest(link))
    assert sandbox.chat(group.id).requests == [account.id]
    sandbox.answer_request(group.id, account.id)
    answer = await client(F.messages.CheckChatInviteRequest(link))
    assert isinstance(answer, T.ChatInviteAlready)
    assert sandbox.chat(group.id).requests == []


async def test_a_basic_group_that_becomes_a_supergroup_names_it(
    client: Any, account: AccountView, sandbox: TelegramSandbox
) -> None:
    basic = sandbox.create_group(GroupSpec(basic=True, members=[account.id]))
    await client(F.messages.SendMessageRequest(T.InputPeerChat(basic.id), "first"))
    made = sandbox.migrate(basic.id)
    with pytest.raises(errors.ChatIdInvalidError):
        await client(F.messages.SendMessageRequest(T.InputPeerChat(basic.id), "late"))
    (chat,) = (await client(F.messages.GetChatsRequest([basic.id]))).chats
    moved = chat.migrated_to
    peer = T.InputPeerChannel(moved.channel_id, moved.access_hash)
    await client(F.messages.SendMessageRequest(peer, "second"))
    assert [one.text for one in sandbox.messages(basic.id)] == ["first"]
    assert [one.text for one in sandbox.messages(made.id)] == ["second"]


async def test_a_chat_is_found_by_all_its_names_and_not_by_those_that_it_had(
    client: Any, sandbox: TelegramSandbox
) -> None:
    group = sandbox.create_group(GroupSpec(username="old_name", more_usernames=["further_name"]))
    sandbox.change_chat(group.id, ChatSettings(username="new_name"))
    for name in ("new_name", "further_name"):
        found = await client(F.contacts.ResolveUsernameRequest(name))
        assert found.peer == T.PeerChannel(group.id)
        assert [one.username for one in found.chats[0].usernames] == ["new_name", "further_name"]
    with pytest.raises(errors.UsernameNotOccupiedError):
        await client(F.contacts.ResolveUsernameRequest("old_name"))
