"""What the routes of webhooks take and answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.gateway import HookOffReason
from services.gateway.api.requests.queries import ByAge, PageQuery
from services.gateway.api.requests.shapes import Body, Printable, WithoutNul
from services.gateway.hooks.commands import HookSettings
from services.gateway.hooks.deliveries import DeliveryState
from services.gateway.hooks.managing import Tried
from services.gateway.hooks.tables import KnownHook
from services.gateway.tables.values import View

_MOST_NAMED = 60
_EventName = Annotated[str, StringConstraints(max_length=60), WithoutNul, Field(examples=["adbot.stopped"])]


class WebhookEvent(View):
    """An event that a webhook may be told of."""

    name: str
    description: str


class WebhookBody(Body):
    """Where messages are sent, and of which events."""

    url: Annotated[
        str,
        StringConstraints(min_length=1, max_length=500),
        WithoutNul,
        Field(
            description="An `https` address with a public host, on port 443 or 1024 to 65535.",
            examples=["https://example.org/adrelay"],
        ),
    ]
    events: Annotated[
        list[_EventName],
        Field(min_length=1, max_length=_MOST_NAMED, description="See `GET /webhook-events`."),
    ]
    description: Annotated[str, StringConstraints(max_length=200), WithoutNul, Printable] = ""

    @property
    def settings(self) -> HookSettings:
        """The settings, each event once."""
        return HookSettings(self.url, tuple(dict.fromkeys(self.events)), self.description)


class WebhookView(View):
    """A webhook, without its secret."""

    id: UUID
    url: str
    events: list[str]
    description: str
    added_at: datetime
    on: bool
    off_reason: Annotated[
        HookOffReason | None,
        Field(
            description="`failing`: its receiver took no messages for a long time. `gone`: it answered 410."
        ),
    ]
    off_detail: str
    off_at: datetime | None


class WebhookSecret(View):
    """A webhook's new secret."""

    secret: Annotated[str, Field(description="`whsec_…`, shown only once.")]


class NewWebhook(WebhookView):
    """A new webhook."""

    secret: Annotated[str, Field(description="`whsec_…`, shown only once.")]


class WebhookTest(View):
    """What came back for a test message."""

    message: Annotated[UUID, Field(description="The `webhook-id` that was sent.")]
    taken: Annotated[bool, Field(description="Whether the receiver answered with 2xx.")]
    status: Annotated[int | None, Field(description="The status of its answer; null if none came.")]
    error: Annotated[str | None, Field(description="What was wrong, such as `timeout` or `private_address`.")]
    seconds: float
    body: Annotated[
        str, Field(description="The first kilobyte of its body; what can't be printed is escaped.")
    ]


class WebhookDelivery(View):
    """A message of a webhook."""

    id: Annotated[UUID, Field(description="The `webhook-id`, the same at each attempt.")]
    type: str
    state: DeliveryState
    detail: Annotated[
        str,
        Field(
            description="Why it was given up: `not_taken`, `gone`, `switched_off`, or `too_many_waiting`.",
        ),
    ]
    created_at: datetime
    attempts: int
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None


class WebhookDeliveriesQuery(PageQuery, frozen=True):
    """The page of a webhook's log that is asked for."""

    sort: ByAge = "-created_at"
    state: Annotated[DeliveryState | None, Field(description="Only messages in this state.")] = None


def view_of(hook: KnownHook) -> WebhookView:
    """Return a webhook as its owner sees it."""
    return WebhookView(
        id=hook.hook,
        url=hook.settings.url,
        events=list(hook.settings.events),
        description=hook.settings.description,
        added_at=hook.added_at,
        on=hook.off_why is None,
        off_reason=hook.off_why,
        off_detail=hook.off_detail,
        off_at=hook.off_at,
    )


def tried_view_of(tried: Tried) -> WebhookTest:
    """Return what came back for a test message."""
    answer = tried.answer
    return WebhookTest(
        message=tried.message,
        taken=answer.trouble is None,
        status=answer.status,
        error=answer.trouble,
        seconds=round(answer.seconds, 3),
        body=_printable(answer.body),
    )


def _printable(body: bytes) -> str:
    """Return a body as text, with everything escaped that can't be printed, but line ends."""
    text = body.decode(errors="backslashreplace")
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode() for one in text
    )
