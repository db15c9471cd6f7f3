"""Codes of problems with the caller: credentials, accounts, devices and API keys."""

from services.gateway.api.requests.codes.meaning import (
    CONFLICT,
    FORBIDDEN,
    INVALID,
    MISSING,
    UNAUTHORIZED,
    Codes,
    Meaning,
)

ACCESS: Codes = {
    "token_missing": Meaning(
        UNAUTHORIZED, "The route needs a token.", "Sign in, and send `Authorization: Bearer <token>`."
    ),
    "token_expired": Meaning(
        UNAUTHORIZED,
        "The token or the API key was valid once.",
        "Send the refresh token to `POST /auth/refresh`, or sign in again.",
    ),
    "invalid_token": Meaning(UNAUTHORIZED, "The token is not valid.", "Sign in again."),
    "signed_out": Meaning(
        UNAUTHORIZED, "The device was signed out, or the access code was replaced.", "Sign in again."
    ),
    "insufficient_scope": Meaning(
        FORBIDDEN,
        "The credential is valid, but not good for this route: `detail` names the scope.",
        "Use a credential with this scope.",
    ),
    "account_suspended": Meaning(
        FORBIDDEN, "The operator has suspended the account: `detail` says why.", "Ask the operator."
    ),
    "account_needed": Meaning(
        FORBIDDEN,
        "The operator's token has no account, which the route needs.",
        "Use the routes of `/admin`, or sign in with an account.",
    ),
    "device_needed": Meaning(
        FORBIDDEN,
        "Only who has signed in with the access code may do this, not an API key.",
        "Sign in with the access code.",
    ),
    "network_not_allowed": Meaning(
        FORBIDDEN,
        "The operator's routes can't be used from this network address.",
        "Call from a network of the setting `ADRELAY_GATEWAY_ADMIN_NETWORKS`.",
    ),
    "origin_not_allowed": Meaning(
        FORBIDDEN,
        "Pages of this origin may not call the interface, or not with cookies; `detail` says which.",
        "Add the origin to the setting `ADRELAY_GATEWAY_CORS_ORIGINS`. Cookies are for the origin of "
        "`ADRELAY_GATEWAY_SITE_URL` alone; without this setting, for that of the interface.",
    ),
    "wrong_csrf_token": Meaning(
        FORBIDDEN,
        "A request with the refresh cookie has no CSRF token, or that of another device.",
        "Send the value of the cookie `__Host-adrelay_csrf` as `X-CSRF-Token`.",
    ),
    "unknown_account": Meaning(MISSING, "There is no such account.", "Check the id or the e-mail address."),
}
SIGNING_IN: Codes = {
    "wrong_access_code": Meaning(
        UNAUTHORIZED,
        "No account has this access code.",
        "Use the code of the latest mail, or ask the operator for another one.",
    ),
    "one_time_code_needed": Meaning(
        UNAUTHORIZED,
        "The account has a second factor.",
        "Send `one_time_code` from the authenticator app too.",
    ),
    "wrong_one_time_code": Meaning(
        UNAUTHORIZED,
        "The one-time code is wrong, or was used before.",
        "Wait for the next code of the authenticator app.",
    ),
    "unconfirmed_second_factor": Meaning(
        INVALID,
        "The one-time code is none of the secret that was shown last.",
        "Wait for the next code, or set the second factor up again.",
    ),
    "second_factor_exists": Meaning(
        CONFLICT, "The account has a second factor.", "Ask the operator to remove it."
    ),
    "invalid_refresh_token": Meaning(
        UNAUTHORIZED, "The refresh token is not valid, or its device was signed out.", "Sign in again."
    ),
    "refresh_token_reused": Meaning(
        UNAUTHORIZED,
        "The refresh token was used before, perhaps by somebody else: its device is signed out.",
        "Sign in again.",
    ),
    "no_device": Meaning(
        CONFLICT,
        "The credential is not of a device that is signed in.",
        "Revoke an API key with `DELETE /api-keys/{key_id}`.",
    ),
    "unknown_device": Meaning(
        MISSING, "No device of this id is signed in to the account.", "Compare the id with the list."
    ),
    "device_exists": Meaning(
        CONFLICT, "A device of this id was signed in before.", "Sign in again: the id is drawn anew."
    ),
    "unknown_api_key": Meaning(
        MISSING, "The account has no API key of this id in use.", "Compare the id with the list."
    ),
    "too_many_api_keys": Meaning(
        CONFLICT, "The account has as many API keys as it may.", "Revoke one that is not used."
    ),
    "expires_in_the_past": Meaning(
        INVALID, "An API key can't expire before it is made.", "Send a later time, or null for never."
    ),
    "scope_not_allowed": Meaning(
        INVALID,
        "The account can't make an API key with this scope: `detail` names it.",
        "Leave the scope out.",
    ),
}
