"""Which command calls which of the operator's routes; a test runs every command and compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adrelay.access_matrix import PREFIX
from services.gateway.api.app import make_app

ROUTES: Mapping[str, tuple[str, ...]] = {
    "accounts api-keys": ("list_api_keys_of_account",),
    "accounts allow-private-ids": ("allow_private_ids",),
    "accounts code": ("reset_access_code",),
    "accounts create": ("open_account",),
    "accounts devices": ("list_devices_of_account",),
    "accounts forbid-private-ids": ("forbid_private_ids",),
    "accounts erase": ("erase_account",),
    "accounts list": ("list_accounts",),
    "accounts private-ids": ("list_private_ids", "get_private_ids"),
    "accounts remove-second-factor": ("remove_second_factor",),
    "accounts restore": ("restore_account",),
    "accounts revoke-api-key": ("revoke_api_key_of_account",),
    "accounts role": ("change_role",),
    "accounts show": ("get_any_account",),
    "accounts sign-out": ("sign_account_out",),
    "accounts sign-out-device": ("sign_device_of_account_out",),
    "accounts suspend": ("suspend_account",),
    "accounts webhook-messages": ("list_webhook_deliveries_of_account",),
    "accounts webhook-off": ("switch_webhook_of_account_off",),
    "accounts webhooks": ("list_webhooks_of_account",),
    "activity export": ("export_activity",),
    "activity list": ("list_activity",),
    "adbots advertise": ("get_any_adbot", "set_any_advertisement"),
    "adbots check-posts": ("check_any_posts", "get_any_post_check"),
    "adbots confirm-group": ("confirm_any_group",),
    "adbots extend": ("extend_adbot",),
    "adbots group-option": ("set_any_group_option",),
    "adbots groups": ("list_any_groups",),
    "adbots list": ("list_all_adbots",),
    "adbots log": ("get_any_logs",),
    "adbots pace": ("get_any_adbot", "set_any_pacing"),
    "adbots periods": ("get_any_periods",),
    "adbots post-check": ("get_any_post_check",),
    "adbots post-checks": ("list_any_post_checks",),
    "adbots replace-seat": ("replace_seat",),
    "adbots restore": ("restore_adbot",),
    "adbots show": ("get_any_adbot",),
    "adbots start": ("start_any_adbot",),
    "adbots statistics": ("get_any_statistics",),
    "adbots stop": ("stop_any_adbot",),
    "adbots suspend": ("suspend_adbot",),
    "catalogue add": ("add_plan",),
    "catalogue list": ("list_plans",),
    "catalogue reprice": ("reprice_plan",),
    "catalogue retire": ("retire_plan",),
    "group-lists assign": ("get_any_adbot", "set_any_advertisement"),
    "group-lists change": (
        "import_into_group_list_of_account",
        "get_group_list_of_account",
        "set_group_list_of_account",
    ),
    "group-lists create": ("make_group_list_of_account", "import_group_list_of_account"),
    "group-lists delete": ("delete_group_list_of_account",),
    "group-lists list": ("list_group_lists_of_account",),
    "group-lists option": ("set_option_in_group_list_of_account",),
    "group-lists show": ("get_group_list_of_account",),
    "group-lists unassign": ("get_any_adbot", "set_any_advertisement"),
    "operations acknowledge": ("acknowledge_notice",),
    "operations block-source": ("block_source",),
    "operations block-target": ("block_target",),
    "operations follow": ("listen_to_all_changes",),
    "operations list": ("get_operations",),
    "operations notices": ("list_notices",),
    "operations pause": ("pause_adbots",),
    "operations periods": ("get_periods_of_all",),
    "operations resume": ("resume_adbots",),
    "operations sessions": ("list_sessions",),
    "operations show": ("get_forwarding",),
    "operations sources": ("list_blocked_sources",),
    "operations targets": ("list_blocked_targets",),
    "operations unblock-source": ("unblock_source",),
    "operations unblock-target": ("unblock_target",),
    "orders attention": ("list_attention",),
    "orders cancel": ("cancel_any_order",),
    "orders list": ("list_all_orders",),
    "orders mark-paid": ("mark_order_paid",),
    "orders refund": ("refund_order",),
    "orders review": ("review_order",),
    "orders show": ("get_any_order",),
    "stock add": ("add_session",),
    "stock add-application": ("add_telegram_application",),
    "stock list": ("get_stock",),
    "stock retire": ("retire_session",),
    "stock show": ("get_stock",),
    "system dead-letter": ("get_dead_letters_of_stream",),
    "system dead-letters": ("get_dead_letters",),
    "system drop": ("drop_dead_letters",),
    "system health": ("get_system_health",),
    "system plan": ("get_rebuild_plan",),
    "system rebuild": ("rebuild_table",),
    "system retry": ("retry_dead_letters",),
    "system retry-all": ("retry_all_dead_letters",),
    "system tables": ("get_tables",),
}
"""The operations that each command calls, by its words."""
WITHOUT_COMMAND: Mapping[str, str] = {
    "get_event": "`adrelay events show` reads the stores themselves",
    "get_event_stream": "`adrelay events show` reads the stores themselves",
    "get_event_tree": "`adrelay events trace` reads the stores themselves",
    "listen_to_events": "`adrelay events tail` reads the stream itself",
    "search_events": "`adrelay events trace` takes any id",
}
"""Operations of operators that no command calls, each with the reason."""
_OPERATOR = f"{PREFIX}/admin/"


@dataclass(frozen=True)
class OperatorRoute:
    """A route of operators."""

    method: str
    path: str
    summary: str


def operators_routes(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, OperatorRoute]:
    """Return the routes of operators among the paths of an OpenAPI document, by operation."""
    return {
        operation["operationId"]: OperatorRoute(method.upper(), path, operation["summary"])
        for path, methods in paths.items()
        if path.startswith(_OPERATOR)
        for method, operation in methods.items()
    }


def commands_page() -> str:
    """Return the page of the operator's routes and the commands that call them."""
    lines = [
        "# Routes and commands",
        "",
        "What an operator may do over REST is a command of `adrelay` too. A test runs every command, and",
        "fails if there is a route that none of them calls.",
        "",
        "| route | | commands |",
        "| --- | --- | --- |",
    ]
    routes = operators_routes(make_app().openapi()["paths"])
    for name, route in sorted(routes.items(), key=lambda one: (one[1].path, one[1].method)):
        calling = [f"`{command}`" for command, operations in ROUTES.items() if name in operations]
        said = ", ".join(calling) or WITHOUT_COMMAND[name]
        path = route.path.removeprefix(PREFIX)
        lines.append(f"| `{path}` | `{route.method}` {route.summary} | {said} |")
    return "\n".join(lines) + "\n"
