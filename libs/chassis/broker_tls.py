"""The settings of TLS towards the broker."""

import ssl
from dataclasses import dataclass
from pathlib import Path

BROKER_FILES = ("CA", "CERTIFICATE", "KEY")
"""The files whose settings, as `ADRELAY_NATS_CA_FILE`, demand TLS whatever a URL says."""


@dataclass(frozen=True)
class BrokerTls:
    """The files for connections with TLS, all in PEM format."""

    ca: Path | None = None
    """The certificate of the server's authority; without it, those of this machine count."""
    certificate: Path | None = None
    """The client's own certificate, where the server asks for one."""
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return the settings of a connection, which check the server's certificate and its name."""
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context
