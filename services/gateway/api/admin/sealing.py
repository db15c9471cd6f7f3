"""Seals uploaded secrets to the vault: from here on nobody but the vault can read them."""

from http import HTTPStatus

from pydantic import SecretStr

from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.events.values import ApplicationId, SessionId
from libs.sealing import PublicKey, api_hash_binding, session_binding
from services.gateway.api.requests.problems import Denied


def sealed_session(
    session: SessionId, content: SecretStr, pair: ApplicationId | None, key: PublicKey | None
) -> ImportSession:
    """Return the command that has an uploaded session stored; raise `Denied` without a key."""
    secret, binding = content.get_secret_value().encode(), session_binding(session, pair)
    return ImportSession(session=session, sealed=_known(key).seal(secret, binding), pair=pair)


def sealed_application(
    pair: ApplicationId, api_id: int, api_hash: SecretStr, key: PublicKey | None
) -> ImportApiPair:
    """Return the command that has a Telegram application stored; raise `Denied` without a key."""
    secret, binding = api_hash.get_secret_value().encode(), api_hash_binding(pair, api_id)
    return ImportApiPair(pair=pair, api_id=api_id, sealed=_known(key).seal(secret, binding))


def _known(key: PublicKey | None) -> PublicKey:
    if key is None:
        detail = (
            "ADRELAY_GATEWAY_VAULT_PUBLIC_KEY is not set; `adrelay keygen --public` prints it, where the "
            "vault's keys are"
        )
        raise Denied(HTTPStatus.CONFLICT, "unknown_vault_key", detail)
    return key
