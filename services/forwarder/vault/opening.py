"""Opens the secrets in commands to the vault."""

import structlog
from prometheus_client import Counter
from pydantic import SecretStr

from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.eventsourcing import Refused
from libs.sealing import (
    Misdirected,
    PrivateKeys,
    Tampered,
    api_hash_binding,
    session_binding,
)

log = structlog.stdlib.get_logger()

IN_CLEAR = Counter(
    "adrelay_forwarder_secrets_in_clear_total",
    "Secrets that a sender of the previous version sent in clear, by command.",
    ["command"],
)
_HASH_CHARACTERS = 32


def session_in(command: ImportSession, keys: PrivateKeys) -> SecretStr:
    """Return the uploaded session; raise `Refused`: `unknown_vault_key`, `unopenable_secret`."""
    binding = session_binding(command.session, command.pair)
    return _opened(type(command).__name__, command.sealed, command.content, binding, keys)


def api_hash_in(command: ImportApiPair, keys: PrivateKeys) -> SecretStr:
    """Return the application's hash; raise `Refused`: `unknown_vault_key`, `unopenable_secret`."""
    binding = api_hash_binding(command.pair, command.api_id)
    api_hash = _opened(type(command).__name__, command.sealed, command.api_hash, binding, keys)
    if len(api_hash) != _HASH_CHARACTERS:
        raise Refused("unopenable_secret", f"an api_hash has {_HASH_CHARACTERS} characters")
    return api_hash


def _opened(
    command: str, sealed: bytes | None, clear: SecretStr | None, binding: bytes, keys: PrivateKeys
) -> SecretStr:
    if sealed is None:
        IN_CLEAR.labels(command).inc()
        log.warning("secret.in_clear", command=command, advice="update the gateway: it is to seal secrets")
        return clear or SecretStr("")
    try:
        return SecretStr(keys.open(sealed, binding).decode(errors="replace"))
    except Misdirected as error:
        detail = (
            f"the secret can't be opened: {error}; set the gateway's ADRELAY_GATEWAY_VAULT_PUBLIC_KEY to "
            f"what `adrelay keygen --public` prints where the vault's keys are (the key {keys.public.name})"
        )
        raise Refused("unknown_vault_key", detail) from None
    except Tampered:
        raise Refused("unopenable_secret", "the secret was changed, or sealed for another import") from None
