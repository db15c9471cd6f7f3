"""The users of the broker, and the subjects on which each may publish and listen.

Permissions alone bind nobody: a user that may read the stream can have the server deliver stored messages to
any subject, by a push consumer or as the answer of a direct get. So commands and questions are signed too.
"""

from dataclasses import dataclass

OPERATOR = "adrelay"
"""The user of the operator's tools, who may do everything; also of servers with one user."""
COMMANDER = "gateway"
"""The service that sends commands and asks questions."""
_WAKING = {"forwarder"}
"""The services whose processes wake each other, without a payload."""


def committed_subject(service: str, prefix: str = "") -> str:
    """Return the subject on which a service's processes tell each other of commits."""
    return f"{prefix}committed.{service}"


def wakeup_subject(service: str, prefix: str = "") -> str:
    """Return the subject on which a service's processes wake each other."""
    return f"{prefix}wake.{service}"


@dataclass(frozen=True)
class Permissions:
    """The subjects on which a user may publish and subscribe, as patterns of NATS.

    A user may also answer, once, a message that has a reply subject.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def inbox_of(user: str) -> str:
    """Return the prefix of a user's reply subjects, which no other service may listen to."""
    return f"_INBOX.{user}"


def permissions_of(service: str, prefix: str = "") -> Permissions:
    """Return a service's permissions on the stream with this prefix, and on the subjects that have it."""
    waking = [committed_subject(service, prefix)]
    waking += [wakeup_subject(service, prefix)] if service in _WAKING else []
    sending = [f"{prefix}cmd.>", f"{prefix}ask.>"] if service == COMMANDER else []
    return Permissions(
        publish=(
            f"{prefix}event.{service}.>",
            f"{prefix}fence.{service}",
            *sending,
            *waking,
            *_reading(f"{prefix}EVENTS"),
        ),
        subscribe=(
            f"{inbox_of(service)}.>",
            f"{prefix}cmd.{service}.>",
            f"{prefix}ask.{service}.>",
            f"{prefix}ask.all.>",
            *waking,
        ),
    )


def _reading(stream: str) -> tuple[str, ...]:
    """Return the requests by which a stream is read; none of them changes it."""
    return (
        f"$JS.API.STREAM.INFO.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}",
        f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
    )


def server_users(passwords: dict[str, str], prefix: str = "") -> list[dict[str, object]]:
    """Return `authorization.users` of a server's configuration; passwords are by user."""
    return [_server_user(user, password, prefix) for user, password in passwords.items()]


def _server_user(user: str, password: str, prefix: str) -> dict[str, object]:
    if user == OPERATOR:
        return {"user": user, "password": password}
    permissions = permissions_of(user, prefix)
    return {
        "user": user,
        "password": password,
        "permissions": {
            "publish": {"allow": list(permissions.publish)},
            "subscribe": {"allow": list(permissions.subscribe)},
            "allow_responses": True,
        },
    }
