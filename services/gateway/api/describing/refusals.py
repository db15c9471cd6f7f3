"""Which codes the problems of each operation may have: those of its commands, and the gateway's own."""

import inspect
import re
from collections.abc import Mapping

from libs.events.commands.billing import (
    CancelOrder,
    ListProduct,
    MarkPaid,
    PlaceOrder,
    RecordNotification,
    Refund,
    RepriceProduct,
    RetireProduct,
    ReviewOrder,
)
from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.events.commands.provisioning import (
    ExtendAdbot,
    ReplaceSeat,
    RestoreAdbot,
    RetireSession,
    SuspendAdbot,
)
from libs.events.commands.scheduler import (
    BlockSource,
    BlockTarget,
    ChangeAdvertisement,
    CheckPost,
    ConfirmGroup,
    DeleteGroupList,
    SetAdvertisement,
    SetGroupList,
    SetGroupOption,
    SetPacing,
    StartAdbot,
    StopAdbot,
    UnblockSource,
    UnblockTarget,
)
from libs.eventsourcing import Command
from services.gateway.api.describing.translated import TRANSLATED
from services.gateway.api.requests.codes import CODES

_OF_COOKIES = ("origin_not_allowed", "wrong_csrf_token")
COMMANDS: Mapping[str, type[Command]] = {
    "check_out": PlaceOrder,
    "renew_adbot": PlaceOrder,
    "record_notification": RecordNotification,
    "cancel_order": CancelOrder,
    "cancel_any_order": CancelOrder,
    "mark_order_paid": MarkPaid,
    "refund_order": Refund,
    "review_order": ReviewOrder,
    "add_plan": ListProduct,
    "reprice_plan": RepriceProduct,
    "retire_plan": RetireProduct,
    "add_telegram_application": ImportApiPair,
    "add_session": ImportSession,
    "extend_adbot": ExtendAdbot,
    "suspend_adbot": SuspendAdbot,
    "restore_adbot": RestoreAdbot,
    "replace_seat": ReplaceSeat,
    "retire_session": RetireSession,
    "set_advertisement": SetAdvertisement,
    "change_advertisement": ChangeAdvertisement,
    "set_pacing": SetPacing,
    "start_adbot": StartAdbot,
    "stop_adbot": StopAdbot,
    "confirm_group": ConfirmGroup,
    "set_group_option": SetGroupOption,
    "set_option_in_group_list": SetGroupOption,
    "make_group_list": SetGroupList,
    "import_group_list": SetGroupList,
    "set_group_list": SetGroupList,
    "import_into_group_list": SetGroupList,
    "delete_group_list": DeleteGroupList,
    "check_posts": CheckPost,
    "set_any_advertisement": SetAdvertisement,
    "set_any_pacing": SetPacing,
    "start_any_adbot": StartAdbot,
    "stop_any_adbot": StopAdbot,
    "confirm_any_group": ConfirmGroup,
    "set_any_group_option": SetGroupOption,
    "check_any_posts": CheckPost,
    "make_group_list_of_account": SetGroupList,
    "import_group_list_of_account": SetGroupList,
    "set_group_list_of_account": SetGroupList,
    "import_into_group_list_of_account": SetGroupList,
    "set_option_in_group_list_of_account": SetGroupOption,
    "delete_group_list_of_account": DeleteGroupList,
    "block_target": BlockTarget,
    "unblock_target": UnblockTarget,
    "block_source": BlockSource,
    "unblock_source": UnblockSource,
}
"""The command that an operation sends; its docstring names the refusals."""
_ACCOUNT = ("unknown_account", "account_erased")
_WEBHOOK = ("malformed_webhook_url", "private_webhook_url", "malformed_webhook_events")
_OWN: Mapping[str, tuple[str, ...]] = {
    "sign_in": (
        "wrong_access_code",
        "one_time_code_needed",
        "wrong_one_time_code",
        "account_suspended",
        "origin_not_allowed",
    ),
    "refresh_tokens": ("invalid_refresh_token", "refresh_token_reused", "token_missing", *_OF_COOKIES),
    "sign_out": ("no_device", "invalid_refresh_token", *_OF_COOKIES),
    "sign_device_out": ("unknown_device",),
    "offer_second_factor": ("device_needed", "second_factor_exists"),
    "confirm_second_factor": ("device_needed", "unconfirmed_second_factor"),
    "make_api_key": ("device_needed", "too_many_api_keys", "expires_in_the_past", "scope_not_allowed"),
    "revoke_api_key": ("unknown_api_key",),
    "listen_to_changes": ("too_many_listeners",),
    "listen_to_all_changes": ("too_many_listeners",),
    "erase_account": ("account_in_use", "account_is_admin"),
    "add_webhook": ("device_needed", "too_many_webhooks", *_WEBHOOK),
    "change_webhook": ("device_needed", *_WEBHOOK),
    "rotate_webhook_secret": ("device_needed",),
    "switch_webhook_on": ("device_needed",),
    "retry_webhook_delivery": ("unknown_delivery", "webhook_off"),
    "mark_read": ("unknown_notification",),
    "acknowledge_notice": ("unknown_notice",),
    "get_dead_letters_of_stream": ("unknown_dead_letter",),
    "retry_dead_letters": ("unknown_dead_letter",),
    "drop_dead_letters": ("unknown_dead_letter",),
    "get_rebuild_plan": ("unknown_table",),
    "rebuild_table": ("unknown_table", "tables_busy"),
    "get_event_tree": ("unknown_tree",),
    "get_event_stream": ("unknown_stream",),
    "get_event": ("unknown_event",),
    "listen_to_events": ("too_many_listeners",),
    "renew_adbot": ("unknown_adbot", "adbot_suspended", "another_plan"),
    "get_payment": ("unknown_order",),
    "create_payment": ("another_price",),
    "set_bot_post": ("malformed_post",),
    "set_bot_config": ("malformed_post",),
    "get_logs": ("unknown_adbot",),
    "get_order": ("unknown_order",),
    "get_any_order": ("unknown_order",),
    "get_group_list": ("unknown_group_list",),
    "import_group_list": ("unreadable_file",),
    "import_into_group_list": ("unreadable_file",),
    "get_post_check": ("unknown_adbot", "unknown_post_check"),
    "listen_to_deliveries": ("unknown_adbot", "too_many_listeners"),
    "get_group_list_of_account": ("unknown_group_list",),
    "import_group_list_of_account": ("unreadable_file",),
    "import_into_group_list_of_account": ("unreadable_file",),
    "get_any_post_check": ("unknown_post_check",),
    "sign_device_of_account_out": ("unknown_device",),
    "revoke_api_key_of_account": ("unknown_api_key",),
    "add_session": ("file_too_large",),
    "validate_post": ("malformed_post",),
    "reset_access_code": ("unknown_account",),
}
"""The codes of the gateway itself, besides the usual ones."""
_USUAL: Mapping[int, tuple[str, ...]] = {
    400: ("malformed_request", "malformed_idempotency_key"),
    401: ("token_missing", "invalid_token", "token_expired", "signed_out"),
    403: ("insufficient_scope", "account_suspended", "account_needed", "network_not_allowed"),
    404: (),
    408: ("body_timeout", "header_timeout"),
    409: ("request_in_progress",),
    413: ("body_too_large",),
    415: ("unsupported_media_type", "compressed_body"),
    422: ("invalid_request", "idempotency_key_reused"),
    429: ("too_many_requests",),
    502: (),
    503: ("service_unavailable", "overloaded", "starting", "too_many_connections"),
}
"""The codes that each operation with this status may have."""
_OF_KEYS = {"malformed_idempotency_key", "idempotency_key_reused", "request_in_progress"}
_OF_CLIENTS = {"account_needed"}
_OF_OPERATORS = {"network_not_allowed"}
_ADBOT = re.compile(r"/adbots/\{adbot_id\}")
_REFUSED = re.compile(r"Refused: (.*?)(?:\.(?:\s|$)|$)", re.DOTALL)
_CODE = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")


def refusals_of(command: type[Command]) -> list[str]:
    """Return the codes that a command may be refused with, as its docstring says."""
    text = inspect.getdoc(command) or ""
    named = [code for part in _REFUSED.findall(text) for code in _CODE.findall(part)]
    return list(dict.fromkeys(named))


def own_codes(operation: str, path: str) -> dict[int, list[str]]:
    """Return the codes of an operation's refusals, by their statuses."""
    own: list[str] = []
    for name in (operation, *TRANSLATED.get(operation, ())):
        command = COMMANDS.get(name)
        own += [*(refusals_of(command) if command else ()), *_OWN.get(name, ())]
    if _ADBOT.search(path):
        own.append("unknown_adbot")
    if "{account}" in path:
        own += ("unknown_account",) if operation == "erase_account" else _ACCOUNT
    if "{webhook_id}" in path:
        own.append("unknown_webhook")
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(own):
        if code in CODES:
            found.setdefault(CODES[code].status.value, []).append(code)
    return found


def usual_codes(status: int, *, keyed: bool, authorized: bool, for_operators: bool) -> list[str]:
    """Return the codes that any operation with a problem of this status may have.

    It is `keyed` if it takes an idempotency key, `authorized` if it takes a token.
    """
    left_out = set[str]() if keyed else _OF_KEYS
    left_out = left_out | (_OF_CLIENTS if for_operators else _OF_OPERATORS)
    if not authorized:
        left_out = left_out | {*_USUAL[401], *_USUAL[403]}
    return [code for code in _USUAL.get(status, ()) if code not in left_out]
