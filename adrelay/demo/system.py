"""Runs all of Adrelay and the three sandboxes in one folder, for the demo and for end-to-end tests."""

import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from adrelay.configuration import fresh_secrets, settings_of
from adrelay.runtime.local import claimed
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from adrelay.runtime.states import Pace, Status
from adrelay.runtime.supervisor import Supervisor
from adrelay.system import (
    ALL_SERVICES_STOP_SECONDS,
    SERVICES,
    Process,
    in_groups,
    nats_variable,
    one_process,
    processes,
    surroundings,
)
from libs.chassis.database_roles import TOOLS_URL, url_variable
from sandbox.mail import MailControl
from sandbox.nowpayments import NowPaymentsControl
from sandbox.telegram import TelegramSandboxControl

CATALOGUE = Path(__file__).with_name("catalogue.toml")
_SANDBOXES = ("telegram-sandbox", "nowpayments-sandbox", "mail-sandbox")
MAILS_FROM = "Adrelay <no-reply@ads.example.com>"


class LocalSystem:
    """PostgreSQL, NATS, the sandboxes, the five services and some workers, supervised.

    Use as `async with`; everything is ready inside. `settings` override the generated environment,
    `python` runs a module after `-m`, in place of this process's interpreter. The services may run `together`
    in one process, without workers.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        together: bool = False,
        settings: Mapping[str, str] | None = None,
        on_change: Callable[[Status], None] | None = None,
        python: Sequence[str] | None = None,
    ) -> None:
        self.folder = folder.absolute()  # the services' settings name files in it
        self.postgres = EmbeddedPostgres(folder / "postgres", services=SERVICES)
        self.nats = EmbeddedNats(folder / "nats", services=SERVICES)
        self._python = python or [sys.executable]
        self.processes: list[Process] = (
            [one_process(python=self._python)]
            if together
            else processes(workers=workers, python=self._python)
        )
        stop_seconds = ALL_SERVICES_STOP_SECONDS if together else 10.0
        pace = Pace(longest_delay_seconds=2.0, stop_seconds=stop_seconds)
        self.supervisor = Supervisor(on_change, pace=pace)
        self.telegram: TelegramSandboxControl
        self.payments: NowPaymentsControl
        self.mails: MailControl
        self._settings = dict(settings or {})
        self._secrets = fresh_secrets()
        self._stack = AsyncExitStack()
        self._telegram_port = free_port()
        self._telegram_control = f"http://127.0.0.1:{free_port()}"
        self._provider = f"http://127.0.0.1:{free_port()}"
        self._mail_port = free_port()
        self._mail_control = f"http://127.0.0.1:{free_port()}"
        self._provider_key = secrets.token_urlsafe(24)
        self._ipn_secret = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The gateway's URL."""
        return next(one.url_of("gateway") for one in self.processes if "gateway" in one.ports)

    @property
    def admin_token(self) -> str:
        """The operator's admin token."""
        return self._secrets["ADRELAY_GATEWAY_ADMIN_TOKEN"]

    @property
    def databases(self) -> dict[str, str]:
        """The URLs of the services' databases by name, each with the role of the service."""
        return {name: self.postgres.url_of(name) for name in SERVICES}

    @property
    def tools(self) -> dict[str, str]:
        """The settings with which the command line finds the servers."""
        return {
            "ADRELAY_NATS_URL": self.nats.url,
            TOOLS_URL: self.postgres.tools_url(),
            **{url_variable(name): url for name, url in self.databases.items()},
        }

    def pid(self, name: str) -> int:
        """Return the process id of a running part; raise `LookupError` if it is not running."""
        pid = self.supervisor.status(name).pid
        if pid is None:
            raise LookupError(f"{name} is not running")
        return pid

    async def __aenter__(self) -> Self:
        """Start everything and wait until it is ready."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, the services first."""
        await self._stack.aclose()

    async def _start(self) -> None:
        await self._stack.enter_async_context(claimed(self.folder))
        await self._stack.enter_async_context(self.supervisor)
        self.supervisor.supervise(self.postgres, self.nats, *self._sandboxes())
        await self.supervisor.until_ready()
        self.telegram = await self._stack.enter_async_context(TelegramSandboxControl(self._telegram_control))
        self.payments = await self._stack.enter_async_context(NowPaymentsControl(self._provider))
        self.mails = await self._stack.enter_async_context(MailControl(self._mail_control))
        environment = await self.environment()
        given, logs = {**os.environ, **environment}, self.folder / "logs"
        for group in in_groups(self.processes):
            services = [one.service(settings_of(one.ports, given), logs) for one in group]
            self.supervisor.supervise(*services)
        await self.supervisor.until_ready(within_seconds=90)

    def _sandboxes(self) -> list[Service]:
        sandbox = [*self._python, "-m", "adrelay", "sandbox"]
        mtproto, control = str(self._telegram_port), self._telegram_control.rpartition(":")[2]
        provider, mails = self._provider.rpartition(":")[2], self._mail_control.rpartition(":")[2]
        return [
            Service(
                _SANDBOXES[0],
                [*sandbox, "telegram", "--port", mtproto, "--control-port", control],
                health_urls=[f"{self._telegram_control}/endpoint"],
                log=self.folder / "logs" / f"{_SANDBOXES[0]}.log",
            ),
            Service(
                _SANDBOXES[1],
                [*sandbox, "nowpayments", "--port", provider, "--retry-seconds", "1"],
                env={
                    **surroundings(os.environ),
                    "NOWPAYMENTS_SANDBOX_API_KEY": self._provider_key,
                    "NOWPAYMENTS_SANDBOX_IPN_SECRET": self._ipn_secret,
                },
                health_urls=[f"{self._provider}/v1/status"],
                log=self.folder / "logs" / f"{_SANDBOXES[1]}.log",
            ),
            Service(
                _SANDBOXES[2],
                [*sandbox, "mail", "--port", str(self._mail_port), "--control-port", mails],
                health_urls=[f"{self._mail_control}/faults"],
                log=self.folder / "logs" / f"{_SANDBOXES[2]}.log",
            ),
        ]

    async def environment(self) -> dict[str, str]:
        """Return the services' environment; override it to put a proxy before a server."""
        endpoint = await self.telegram.endpoint()
        key = self.folder / "telegram_public_key.pem"
        key.write_text(endpoint.public_key_pem)
        return {
            **self._secrets,
            **{url_variable(service): url for service, url in self.databases.items()},
            **{nats_variable(service): self.nats.url_of(service) for service in SERVICES},
            "ADRELAY_BILLING_PROVIDER_URL": self._provider,
            "ADRELAY_BILLING_API_KEY": self._provider_key,
            "ADRELAY_BILLING_IPN_SECRET": self._ipn_secret,
            "ADRELAY_BILLING_IPN_CALLBACK_URL": f"{self.url}/api/v1/webhooks/nowpayments",
            "ADRELAY_BILLING_CATALOGUE_FILE": str(CATALOGUE),
            "ADRELAY_GATEWAY_SMTP_HOST": "127.0.0.1",
            "ADRELAY_GATEWAY_SMTP_PORT": str(self._mail_port),
            "ADRELAY_GATEWAY_SMTP_SECURITY": "plain",
            "ADRELAY_GATEWAY_SMTP_TIMEOUT_SECONDS": "5",
            "ADRELAY_GATEWAY_MAIL_FROM": MAILS_FROM,
            "ADRELAY_GATEWAY_SITE_URL": self.url.removesuffix("/api/v1"),
            "ADRELAY_FORWARDER_TELEGRAM_HOST": endpoint.host,
            "ADRELAY_FORWARDER_TELEGRAM_PORT": str(endpoint.port),
            "ADRELAY_FORWARDER_TELEGRAM_DC": str(endpoint.dc_id),
            "ADRELAY_FORWARDER_TELEGRAM_PUBLIC_KEY_FILE": str(key),
            "ADRELAY_FORWARDER_LEASE_SECONDS": "4",
            "ADRELAY_FORWARDER_RESOLVES_PER_MINUTE": "1000",
            "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.3",
            "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.2",
            **self._settings,
        }
