"""The keys with which tests sign commands, in the place of the gateway."""

from adrelay.command_keys import PRIVATE, PUBLIC
from libs.chassis.signing import MessageSigner
from libs.chassis.verifying import MessageVerifier

SIGNER = MessageSigner.of("Y29tbWFuZHMgb2YgdGVzdHMsIHNlY3JldCBub3doZXI=")
VERIFIER = MessageVerifier.of(SIGNER.public_key)
KEYS = {PRIVATE: SIGNER.private_key, PUBLIC: SIGNER.public_key}
"""The settings of services in tests."""
