"""What notices are called, and what the operator is to do."""

from collections.abc import Mapping

from libs.events.gateway import NoticeKind

TITLES: Mapping[NoticeKind, str] = {
    NoticeKind.LOW_STOCK: "stock is low",
    NoticeKind.SEATS_AWAITED: "an adbot waits for sessions",
    NoticeKind.SALE_REFUSED: "a sale was refused for lack of stock",
    NoticeKind.SESSIONS_LOST: "many sessions were lost",
    NoticeKind.ACCOUNT_LIMITED: "an account is limited",
    NoticeKind.DEAD_LETTERS: "there are dead letters",
    NoticeKind.READER_LAGS: "a reader lags",
    NoticeKind.RELAY_STALLS: "a relay stands still",
    NoticeKind.SERVICE_SILENT: "a service does not answer",
    NoticeKind.MAIL_GIVEN_UP: "a mail was given up",
    NoticeKind.ORDER_NEEDS_PERSON: "an order needs a person",
}
ADVICE: Mapping[NoticeKind, str] = {
    NoticeKind.LOW_STOCK: "Upload sessions (`adrelay stock add`) before sales are refused.",
    NoticeKind.SEATS_AWAITED: "Upload sessions: they fill the seats by themselves, in the order of payment.",
    NoticeKind.SALE_REFUSED: "Upload sessions; the client was told to try later.",
    NoticeKind.SESSIONS_LOST: "Look at `adrelay operations sessions`: do the sessions share a Telegram "
    "application, or a group that they all posted to? `adrelay operations pause` stops everything meanwhile.",
    NoticeKind.ACCOUNT_LIMITED: "Nothing, if it is one: it rests for a day. If there are more of them, see "
    "docs/how-to/an-account-is-limited.md.",
    NoticeKind.DEAD_LETTERS: "`adrelay events dead list` shows the errors; "
    "see docs/how-to/handle-a-dead-letter.md.",
    NoticeKind.READER_LAGS: "`adrelay events lag` shows what waits and why.",
    NoticeKind.RELAY_STALLS: "`adrelay events lag` shows the error; look at NATS and at open transactions.",
    NoticeKind.SERVICE_SILENT: "Look whether it runs, at its log, and whether it reaches its database and "
    "NATS.",
    NoticeKind.MAIL_GIVEN_UP: "Check the mail server and the address; the client sees it in the app. An "
    "access code in it is to be issued anew: `adrelay accounts code`.",
    NoticeKind.ORDER_NEEDS_PERSON: "`adrelay orders attention` lists it; `adrelay orders review` settles it.",
}
