"""Finding, joining and reading channels and groups."""

# ruff: noqa: ANN401 - Telethon ships no types

from typing import Any

import pytest

from sandbox.telegram import (
    AccountSpec,
    AccountView,
    ChannelSpec,
    ChatSettings,
    ChatView,
    GroupSpec,
    MemberStatus,
    Policy,
    PostSpec,
    TelegramSandbox,
)
from tests.integration.telegram_sandbox.conftest import Connect, MakeChat
from tests.integration.telegram_sandbox.plain_telethon import F, T, errors, forward


async def test_a_channel_and_an_account_are_found_by_their_names(
    sandbox: TelegramSandbox, client: Any, news: ChatView
) -> None:
    sandbox.create_account(AccountSpec(name="Carol", username=f"carol_{news.id}"))
    channel = await client.get_entity(news.username.upper() if news.username else "")
    assert (channel.id, channel.title, channel.broadcast) == (news.id, news.title, True)
    assert (await client.get_entity(f"carol_{news.id}")).first_name == "Carol"


@pytest.mark.parametrize(
    ("name", "error"),
    [("nobody_has_this", errors.UsernameNotOccupiedError), ("no!", errors.UsernameInvalidError)],
)
async def test_a_name_that_nobody_has_or_can_have_is_refused(
    client: Any, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await client(F.contacts.ResolveUsernameRequest(name))


async def test_the_servers_address_is_in_its_configuration(sandbox: TelegramSandbox, client: Any) -> None:
    config = await client(F.help.GetConfigRequest())
    assert {(one.ip_address, one.port) for one in config.dc_options} == {(sandbox.host, sandbox.port)}
    assert (await client(F.help.GetNearestDcRequest())).this_dc == sandbox.dc_id
    assert await client(F.account.UpdateStatusRequest(offline=True))


async def test_others_are_seen_by_those_who_met_them_only(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, target: Any
) -> None:
    stranger = sandbox.create_account(AccountSpec(name="Dan"))
    (unseen,) = await client(F.users.GetUsersRequest([T.InputUser(stranger.id, 1)]))
    assert isinstance(unseen, T.UserEmpty)
    sandbox.set_member(group.id, stranger.id)
    sandbox.post(group.id, PostSpec(text="hi", sender=stranger.id))
    (message,) = await client.get_messages(target, limit=1)
    assert (await message.get_sender()).first_name == "Dan"
    (seen,) = await client(F.users.GetUsersRequest([await client.get_input_entity(stranger.id)]))
    assert (seen.first_name, seen.phone, seen.is_self) == ("Dan", None, False)
    assert account.id != stranger.id


async def test_one_joins_and_leaves(
    sandbox: TelegramSandbox, account: AccountView, client: Any, news: ChatView, source: Any
) -> None:
    for _ in range(2):
        answer = await client(F.channels.JoinChannelRequest(source))
        assert isinstance(answer, T.messages.ChatInviteJoinResultOk)
    assert sandbox.chat(news.id).members == {account.id: MemberStatus.MEMBER}
    await client(F.channels.LeaveChannelRequest(source))
    assert sandbox.chat(news.id).members == {}
    with pytest.raises(errors.UserNotParticipantError):
        await client(F.channels.LeaveChannelRequest(source))


async def test_who_joined_may_write(
    sandbox: TelegramSandbox, client: Any, source: Any, make_group: MakeChat
) -> None:
    group = make_group(members=[])
    target = await client.get_input_entity(group.username)
    await client(F.channels.JoinChannelRequest(target))
    await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == 1


async def test_joining_is_refused_to_the_banned_beyond_the_limit_and_where_admins_decide(
    sandbox: TelegramSandbox, account: AccountView, client: Any, make_group: MakeChat, group: ChatView
) -> None:
    async def join(chat: ChatView) -> None:
        await client(F.channels.JoinChannelRequest(await client.get_input_entity(chat.username)))

    with pytest.raises(errors.ChannelPrivateError):
        await join(make_group(members=[], banned=[account.id]))
    with pytest.raises(errors.InviteRequestSentError):
        await join(make_group(members=[], join_request=True))
    sandbox.set_policy(Policy(channel_limit=1))
    try:
        assert group.members
        with pytest.raises(errors.ChannelsTooMuchError):
            await join(make_group(members=[]))
    finally:
        sandbox.set_policy(Policy(channel_limit=500))


async def test_a_private_group_is_joined_by_its_link(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    group = sandbox.create_group(GroupSpec(title="Hidden"))
    invite = group.invite_link.rpartition("+")[2]
    assert (await client(F.messages.CheckChatInviteRequest(invite))).title == "Hidden"
    await client(F.messages.ImportChatInviteRequest(invite))
    assert account.id in sandbox.chat(group.id).members
    assert (await client.get_entity(group.invite_link)).id == group.id
    with pytest.raises(errors.UserAlreadyParticipantError):
        await client(F.messages.ImportChatInviteRequest(invite))


async def test_a_wrong_and_an_expired_link_are_refused(sandbox: TelegramSandbox, client: Any) -> None:
    group = sandbox.create_group(GroupSpec(invite_hash="OldLinkOldLink"))
    sandbox.change_chat(group.id, ChatSettings(invite_expired=True))
    with pytest.raises(errors.InviteHashExpiredError):
        await client(F.messages.ImportChatInviteRequest("OldLinkOldLink"))
    with pytest.raises(errors.InviteHashInvalidError):
        await client(F.messages.CheckChatInviteRequest("NoSuchLink"))


async def test_posts_are_read_by_their_ids(client: Any, source: Any) -> None:
    found, missing = await client.get_messages(source, ids=[1, 2])
    assert (found.message, found.post, missing) == ("Hello", True, None)


async def test_a_history_is_read_in_pages_from_both_ends(
    sandbox: TelegramSandbox, client: Any, news: ChatView, source: Any
) -> None:
    for number in range(2, 251):
        sandbox.post(news.id, PostSpec(text=f"post {number}"))
    latest = await client.get_messages(source, limit=3)
    assert ([one.id for one in latest], latest.total) == ([250, 249, 248], 250)
    everything = [one.id async for one in client.iter_messages(source)]
    assert everything == list(range(250, 0, -1))
    oldest_first = [one.id async for one in client.iter_messages(source, reverse=True, limit=150)]
    assert oldest_first == list(range(1, 151))
    between = await client.get_messages(source, limit=None, min_id=10, max_id=14)
    assert [one.id for one in between] == [13, 12, 11]


async def test_dialogs_are_all_listed_whatever_their_number(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    chats = [
        sandbox.create_group(GroupSpec(members=[account.id], posts=[PostSpec(text=f"in {number}")])).id
        for number in range(120)
    ]
    listed = [one.entity.id async for one in client.iter_dialogs()]
    assert sorted(listed) == sorted(chats)
    assert listed[0] == chats[-1]


async def test_channels_are_read_by_their_ids(
    sandbox: TelegramSandbox, account: AccountView, client: Any, news: ChatView, source: Any, target: Any
) -> None:
    answer = await client(F.channels.GetChannelsRequest([source, target]))
    assert [one.id for one in answer.chats] == [source.channel_id, target.channel_id]
    sandbox.set_member(news.id, account.id, MemberStatus.BANNED)
    (forbidden,) = (await client(F.channels.GetChannelsRequest([source]))).chats
    assert isinstance(forbidden, T.ChannelForbidden)


async def test_rights_and_slow_mode_are_shown(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, target: Any
) -> None:
    sandbox.change_chat(group.id, ChatSettings(slow_mode_seconds=60, noforwards=True))
    full = await client(F.channels.GetFullChannelRequest(target))
    assert (full.full_chat.slowmode_seconds, full.full_chat.participants_count) == (60, 1)
    assert (full.chats[0].slowmode_enabled, full.chats[0].noforwards) == (True, True)
    assert not (await client.get_permissions(target, "me")).is_admin
    sandbox.set_member(group.id, account.id, MemberStatus.ADMIN)
    assert (await client.get_permissions(target, "me")).is_admin
    sandbox.set_member(group.id, account.id, MemberStatus.RESTRICTED)
    assert (await client.get_permissions(target, "me")).is_banned
    sandbox.remove_member(group.id, account.id)
    with pytest.raises(errors.UserNotParticipantError):
        await client.get_permissions(target, "me")


async def test_a_private_channel_is_not_read_by_strangers(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    channel = sandbox.create_channel(ChannelSpec(posts=[PostSpec(text="secret")]))
    access_hash = sandbox.core.world.access_hash(account.id, channel.id)
    client = await connect(sandbox.mint_session(account.id))
    with pytest.raises(errors.ChannelPrivateError):
        await client.get_messages(T.InputPeerChannel(channel.id, access_hash), limit=1)


async def test_a_deleted_chat_looks_private_and_another_one_may_take_its_name(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    group = sandbox.create_group(GroupSpec(username="old_square", members=[account.id]))
    link = group.invite_link.rpartition("+")[2]
    before = await client.get_input_entity("old_square")
    sandbox.change_chat(group.id, ChatSettings(deleted=True))
    with pytest.raises(errors.ChannelPrivateError):
        await client(F.messages.GetHistoryRequest(before, 0, None, 0, 10, 0, 0, 0))
    with pytest.raises(errors.UsernameNotOccupiedError):
        await client(F.contacts.ResolveUsernameRequest("old_square"))
    with pytest.raises(errors.InviteHashInvalidError):
        await client(F.messages.CheckChatInviteRequest(link))
    successor = sandbox.create_group(GroupSpec(username="old_square"))
    found = await client(F.contacts.ResolveUsernameRequest("old_square"))
    assert found.chats[0].id == successor.id != group.id
