"""`help`, `users`, `contacts`, `account`: the server's configuration and addresses, and users."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.objects import Account
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,30}[A-Za-z0-9]")
_DC_COUNT = 5

# Numbers that clients expect and this server does not use.
_LIMITS = {
    "chat_size_max": 200,
    "megagroup_size_max": 200_000,
    "forwarded_count_max": 100,
    "online_update_period_ms": 210_000,
    "offline_blur_timeout_ms": 5_000,
    "offline_idle_timeout_ms": 30_000,
    "online_cloud_timeout_ms": 300_000,
    "notify_cloud_delay_ms": 30_000,
    "notify_default_delay_ms": 1_500,
    "push_chat_period_ms": 60_000,
    "push_chat_limit": 10,
    "edit_time_limit": 172_800,
    "revoke_time_limit": 172_800,
    "revoke_pm_time_limit": 172_800,
    "rating_e_decay": 2_419_200,
    "stickers_recent_limit": 200,
    "channels_read_media_period": 604_800,
    "call_receive_timeout_ms": 20_000,
    "call_ring_timeout_ms": 90_000,
    "call_connect_timeout_ms": 30_000,
    "call_packet_timeout_ms": 10_000,
    "caption_length_max": 1_024,
    "message_length_max": 4_096,
    "webfile_dc_id": 4,
}


@method("help.getConfig", signed_in=False)
def get_config(call: Call, _request: Any) -> Any:
    """Return the configuration, in which every data centre is this server."""
    core, now = call.core, datetime.now(UTC)
    options = [types.DcOption(dc, core.host, core.port) for dc in range(1, _DC_COUNT + 1)]
    return types.Config(
        date=now,
        expires=now + timedelta(hours=1),
        test_mode=False,
        this_dc=core.dc_id,
        dc_options=options,
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
        **_LIMITS,
    )


@method("help.getNearestDc", signed_in=False)
def get_nearest_dc(call: Call, _request: Any) -> Any:
    """Return this data centre."""
    return types.NearestDc("XX", call.core.dc_id, call.core.dc_id)


@method("account.updateStatus")
def update_status(_call: Call, _request: Any) -> Any:
    """Return true; online states are not shown."""
    return True


@method("users.getUsers")
def get_users(call: Call, request: Any) -> Any:
    """Return the named accounts; one that the caller has not met is returned as `userEmpty`."""
    return [_user(call, named) for named in request.id]


def _user(call: Call, named: Any) -> Any:
    me, world = call.account, call.core.world
    if isinstance(named, types.InputUserSelf):
        return call.core.renderer.user(me, me.id)
    number = getattr(named, "user_id", 0)
    met = getattr(named, "access_hash", None) == world.access_hash(me.id, number)
    if number not in world.accounts or not met:
        return types.UserEmpty(number)
    return call.core.renderer.user(world.accounts[number], me.id)


@method("contacts.resolveUsername", writes=True)
def resolve_username(call: Call, request: Any) -> Any:
    """Return the user or chat with a public name."""
    if not _USERNAME.fullmatch(request.username):
        raise RpcError("USERNAME_INVALID")
    found, me = call.core.world.by_username(request.username), call.account.id
    if found is None:
        raise RpcError("USERNAME_NOT_OCCUPIED")
    if isinstance(found, Account):
        return types.contacts.ResolvedPeer(types.PeerUser(found.id), [], [call.core.renderer.user(found, me)])
    call.entry.chat = found.id
    return types.contacts.ResolvedPeer(types.PeerChannel(found.id), [call.core.renderer.chat(found, me)], [])
