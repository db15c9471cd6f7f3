"""The keys with which the gateway signs commands, and the other services check them."""

from collections.abc import Mapping
from pathlib import Path

from adrelay.runtime.folder import remembered_secret
from libs.chassis.secret_files import SecretFileError, is_set, value_of
from libs.chassis.signing import MessageSigner

PRIVATE = "ADRELAY_GATEWAY_COMMAND_KEY"
PUBLIC = "ADRELAY_COMMAND_PUBLIC_KEY"
_PRIVATE_NAMES = (PRIVATE, "ADRELAY_COMMAND_KEY")
"""The gateway's own variable comes before the one for all."""
FILE = "command_key"
"""The file of the private key in the folder of a local run."""


def pair() -> dict[str, str]:
    """Return a fresh pair of keys by variable."""
    return _settings(MessageSigner.generate())


def missing_keys(environment: Mapping[str, str], folder: Path | None) -> dict[str, str]:
    """Return the keys that an environment lacks by variable.

    The private one is stored in a local run's folder, and made at first; without a folder, it is for a check
    of settings only. A public one is that of the environment's private key. An invalid key is left to whoever
    checks the settings.
    """
    if is_set([PUBLIC], environment):
        return {}
    try:
        given = value_of(_PRIVATE_NAMES, environment)
        if given is not None:
            return {PUBLIC: MessageSigner.of(given[1]).public_key}
    except (ValueError, SecretFileError):
        return {}
    if folder is None:
        return pair()
    stored = remembered_secret(folder / FILE, lambda: MessageSigner.generate().private_key)
    return _settings(MessageSigner.of(stored))


def _settings(signer: MessageSigner) -> dict[str, str]:
    return {PRIVATE: signer.private_key, PUBLIC: signer.public_key}
