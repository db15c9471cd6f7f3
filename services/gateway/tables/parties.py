"""Whom an answer of Telegram is about, in words."""

from libs.events.values import Party

PARTIES = {
    Party.TARGET: "the group",
    Party.SEAT_AT_TARGET: "this account in the group",
    Party.SEAT_AT_SOURCE: "this account in the channel of the post",
    Party.SOURCE: "the post",
    Party.ACCOUNT: "this account",
}


def about(party: str | None, session: str | None) -> str | None:
    """Return whom an answer is about, in words; None if nobody is to blame.

    Without a session it is about all of the adbot: each was refused before, so that none tried.
    """
    if party is None:
        return None
    words = PARTIES[Party(party)]
    return words if session is not None else words.replace("this account", "every account")


def _in_sql(session: str | None) -> str:
    cases = " ".join(f"when '{party}' then '{about(party, session)}'" for party in Party)
    return f"case {{party}} {cases} end"


ABOUT = f"case when {{session}} is null then {_in_sql(None)} else {_in_sql('any')} end"
"""`about` in SQL, of the columns `party` and `session`, the session's id or its number."""
