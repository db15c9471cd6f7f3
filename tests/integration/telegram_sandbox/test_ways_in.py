"""Both ways in: sessions that are minted, and the full key exchange with a code."""

# ruff: noqa: ANN401 - Telethon ships no types

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sandbox.telegram import AccountSpec, AccountState, AccountView, Policy, TelegramSandbox
from tests.integration.telegram_sandbox.conftest import Connect
from tests.integration.telegram_sandbox.plain_telethon import F, StringSession, T, errors, network


def empty_session(sandbox: TelegramSandbox) -> Any:
    session = StringSession()
    session.set_dc(sandbox.dc_id, sandbox.host, sandbox.port)
    return session


async def whoami(client: Any) -> Any:
    return await client(F.users.GetUsersRequest([T.InputUserSelf()]))


async def test_a_minted_string_session_is_signed_in(client: Any, account: AccountView) -> None:
    me = await client.get_me()
    assert (me.id, me.first_name, me.phone) == (account.id, "Ada", account.phone)


async def test_a_minted_session_file_is_a_real_one_of_telethon(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect, tmp_path: Path
) -> None:
    path = sandbox.write_session_file(account.id, tmp_path / "ada")
    assert path.name == "ada.session"
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    row = database.execute("select dc_id, server_address, port, length(auth_key) from sessions").fetchone()
    database.close()
    assert row == (sandbox.dc_id, sandbox.host, sandbox.port, 256)
    client = await connect(path.with_suffix(""))
    assert (await client.get_me()).id == account.id


async def test_a_string_session_has_the_key_of_the_file(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "bytes.session"
    path.write_bytes(sandbox.session_file(account.id))
    client = await connect(path.with_suffix(""))
    again = StringSession.save(client.session)
    await client.disconnect()
    assert (await (await connect(again)).get_me()).id == account.id


async def test_the_key_exchange_and_a_code_sign_in(sandbox: TelegramSandbox, connect: Connect) -> None:
    account = sandbox.create_account(AccountSpec(name="Bob", code="424242"))
    client = await connect(empty_session(sandbox))
    assert await client.get_me() is None
    sent = await client.send_code_request(account.phone)
    assert sent.type.length == 6
    assert (await client.sign_in(account.phone, "424242")).first_name == "Bob"
    (view,) = sandbox.sessions(account.id)
    assert (view.origin, view.api_id) == ("handshake", 1)


async def test_many_key_exchanges_succeed(sandbox: TelegramSandbox, connect: Connect) -> None:
    for _ in range(8):
        client = await connect(empty_session(sandbox))
        assert len(client.session.auth_key.key) == 256


@pytest.mark.parametrize(
    ("code", "error"),
    [("99999", errors.PhoneCodeInvalidError), ("", errors.PhoneCodeEmptyError)],
)
async def test_a_wrong_code_is_refused(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect, code: str, error: type[Exception]
) -> None:
    client = await connect(empty_session(sandbox))
    sent = await client.send_code_request(account.phone)
    with pytest.raises(error):
        await client(F.auth.SignInRequest(account.phone, sent.phone_code_hash, code))
    assert (await client.sign_in(account.phone, account.code)).id == account.id


async def test_a_code_without_its_hash_is_expired(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    client = await connect(empty_session(sandbox))
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(account.phone, account.code, phone_code_hash="another")


async def test_a_number_nobody_has_and_no_number_are_refused(
    sandbox: TelegramSandbox, connect: Connect
) -> None:
    client = await connect(empty_session(sandbox))
    await client.send_code_request("+99999999999")
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await client.sign_in("+99999999999", "12345")
    with pytest.raises(errors.PhoneNumberInvalidError):
        await client(F.auth.SendCodeRequest("abc", 1, "a made-up hash", T.CodeSettings()))


async def test_a_banned_number_gets_no_code(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    sandbox.set_account_state(account.id, AccountState.BANNED)
    client = await connect(empty_session(sandbox))
    with pytest.raises(errors.PhoneNumberBannedError):
        await client.send_code_request(account.phone)


async def test_only_known_applications_are_served_if_any_are_named(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    sandbox.set_policy(Policy(api_ids={7: "seven"}))
    try:
        with pytest.raises(errors.ApiIdInvalidError):
            await connect(sandbox.mint_session(account.id))
    finally:
        sandbox.set_policy(Policy(api_ids={}))
    assert await whoami(await connect(sandbox.mint_session(account.id)))


async def test_who_logged_out_is_unregistered(client: Any) -> None:
    assert await client(F.auth.LogOutRequest())
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await whoami(client)


async def test_a_revoked_session_answers_what_it_was_revoked_with(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    assert sandbox.revoke_sessions(account.id, "SESSION_REVOKED") == 1
    with pytest.raises(errors.SessionRevokedError):
        await whoami(client)


async def test_a_destroyed_key_is_not_found(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    assert sandbox.destroy_sessions(account.id) == 1
    with pytest.raises(errors.AuthKeyNotFound):
        await connect(session)
    assert sandbox.journal()[-1].method == "transport.unknown_key"


async def test_a_client_may_destroy_its_own_key(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    await client._sender.send(F.DestroyAuthKeyRequest())
    assert sandbox.sessions(account.id)[0].destroyed


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (AccountState.BANNED, errors.UserDeactivatedBanError),
        (AccountState.DEACTIVATED, errors.UserDeactivatedError),
    ],
)
async def test_an_account_that_is_gone_is_told_so(
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    state: AccountState,
    error: type[Exception],
) -> None:
    sandbox.set_account_state(account.id, state)
    with pytest.raises(error):
        await whoami(client)
    sandbox.set_account_state(account.id, AccountState.ACTIVE)
    assert await whoami(client)


@pytest.mark.parametrize(
    "transport",
    [network.ConnectionTcpFull, network.ConnectionTcpAbridged, network.ConnectionTcpIntermediate],
)
async def test_every_plain_transport_is_understood(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect, transport: Any
) -> None:
    client = await connect(sandbox.mint_session(account.id), connection=transport)
    assert (await client.get_me()).id == account.id
