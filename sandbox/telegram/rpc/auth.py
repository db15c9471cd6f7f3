"""`auth`: signing in with a code, and signing out."""

import secrets
from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.objects import Account
from sandbox.telegram.specs import AccountState
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects


@method("auth.sendCode", signed_in=False)
def send_code(call: Call, request: Any) -> Any:
    """Return the hash of the code, which "was sent" to the account's other devices."""
    call.core.conduct.require_api_id(request.api_id, request.api_hash)
    phone = _number(request.phone_number)
    account = call.core.world.by_phone(phone)
    if account is not None and account.state is AccountState.BANNED:
        raise RpcError("PHONE_NUMBER_BANNED")
    code_hash = call.session.code_hashes[phone] = secrets.token_hex(9)
    length = len(account.code) if account else 5
    return types.auth.SentCode(types.auth.SentCodeTypeApp(length), code_hash)


@method("auth.signIn", signed_in=False)
def sign_in(call: Call, request: Any) -> Any:
    """Sign the session in and return its account."""
    phone = _number(request.phone_number)
    if not request.phone_code:
        raise RpcError("PHONE_CODE_EMPTY")
    if call.session.code_hashes.get(phone) != request.phone_code_hash:
        raise RpcError("PHONE_CODE_EXPIRED")
    account = call.core.world.by_phone(phone)
    if account is None:
        return types.auth.AuthorizationSignUpRequired()
    if request.phone_code != account.code:
        raise RpcError("PHONE_CODE_INVALID")
    _require_alive(account)
    del call.session.code_hashes[phone]
    call.session.account, call.session.revoked = account.id, None
    call.entry.account = account.id
    return types.auth.Authorization(call.core.renderer.user(account, account.id))


@method("auth.logOut")
def log_out(call: Call, _request: Any) -> Any:
    """Sign the session out."""
    call.session.account = None
    call.core.feed.unsubscribe(call.listener)
    return types.auth.LoggedOut()


def _number(phone: str) -> str:
    digits = phone.lstrip("+").replace(" ", "")
    if not digits.isdigit():
        raise RpcError("PHONE_NUMBER_INVALID")
    return digits


def _require_alive(account: Account) -> None:
    if account.state is AccountState.BANNED:
        raise RpcError("PHONE_NUMBER_BANNED")
    if account.state is AccountState.DEACTIVATED:
        raise RpcError("USER_DEACTIVATED")
