"""Codes of problems with the stock, and those that only services see of each other."""

from services.gateway.api.requests.codes.meaning import (
    CONFLICT,
    INVALID,
    MISSING,
    UNAVAILABLE,
    Codes,
    Meaning,
)

STOCK: Codes = {
    "unreadable_session": Meaning(
        INVALID,
        "The file or text is no session that can be read; `detail` says why.",
        "Upload a Telethon session, as a `.session` file or a string.",
    ),
    "session_exists": Meaning(CONFLICT, "The session is in stock already.", "Nothing: it is there."),
    "account_exists": Meaning(
        CONFLICT,
        "Another session of the same Telegram account is in stock and alive.",
        "Use a session of another account.",
    ),
    "session_dead": Meaning(
        INVALID, "Telegram does not accept the session any more.", "Sign in to the account anew."
    ),
    "no_api_pair": Meaning(
        CONFLICT, "There is no Telegram application to connect with.", "Add a Telegram application first."
    ),
    "unknown_api_pair": Meaning(
        MISSING,
        "There is no such Telegram application, or Telegram does not know it.",
        "Choose one of `GET /admin/stock`, or add one.",
    ),
    "pair_exists": Meaning(
        CONFLICT, "A Telegram application of this `api_id` is stored.", "Nothing: it is there."
    ),
    "unknown_vault_key": Meaning(
        CONFLICT,
        "The gateway has no public key of the vault, or an old one.",
        "Set `ADRELAY_GATEWAY_VAULT_PUBLIC_KEY` to what `adrelay keygen --public` prints, and restart the "
        "gateway.",
    ),
    "unopenable_secret": Meaning(
        CONFLICT,
        "The vault can't open what was sealed: it was changed on its way, or sealed for another import.",
        "Upload it again.",
    ),
    "unknown_session": Meaning(
        MISSING, "There is no such session in stock.", "Choose one of `GET /admin/stock`."
    ),
    "session_not_seated": Meaning(
        CONFLICT,
        "The session is on no seat of the adbot; it may have been replaced already.",
        "Choose one of `GET /admin/stock?adbot=`.",
    ),
    "telegram_unreachable": Meaning(
        UNAVAILABLE, "Telegram does not answer.", "Repeat the request after `Retry-After` seconds."
    ),
}
BETWEEN_SERVICES: Codes = {
    "order_exists_differently": Meaning(
        CONFLICT, "The order's number belongs to another order.", "Nothing: an error of a service."
    ),
    "order_unpaid": Meaning(CONFLICT, "The order was not paid.", "Nothing: an error of a service."),
    "no_mail": Meaning(CONFLICT, "The notification has no mail.", "Nothing: an error of a service."),
    "unknown_cycle": Meaning(MISSING, "There is no such cycle.", "Nothing: an error of a service."),
    "session_taken": Meaning(CONFLICT, "The session is on an adbot.", "Nothing: another one is chosen."),
    "session_lost": Meaning(CONFLICT, "The session was lost.", "Nothing: another one is chosen."),
    "pair_fixed": Meaning(
        CONFLICT, "The session connects with another application.", "Nothing: another one is chosen."
    ),
    "no_seat_waiting": Meaning(
        CONFLICT, "No seat of the adbot is empty.", "Nothing: the session stays unused."
    ),
    "too_many_seats": Meaning(CONFLICT, "The plan has fewer seats.", "Nothing: an error of a service."),
}
