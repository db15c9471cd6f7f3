"""Which sessions an adbot's seats get, from stock, from the dead and in their turn: no broker."""

from structlog.testing import capture_logs

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.commands.provisioning import ReplaceSeat, RetireSession
from libs.events.provisioning import (
    ApiPairAdded,
    SeatLost,
    SeatsAwaited,
    SessionLost,
)
from libs.events.values import AdbotId, Seat, SessionId, SessionLoss
from tests.integration.provisioning.publishing import ORDERS, PAIR_A, PAIR_B, SESSIONS
from tests.integration.provisioning.rules import (
    ASSIGNMENTS,
    DAY,
    FIRST,
    NOON,
    SECOND,
    Provisioning,
    application,
    assigned,
    bought,
    died,
    filled,
    prepare,
    provisioned,
    provisioning_at_noon,
    stocked,
    uploaded,
)

SEATS = [Seat(session=session, pair=PAIR_A) for session in SESSIONS[:5]]


def lost(session: SessionId, adbot: AdbotId | None) -> SessionLost:
    return SessionLost(session=session, adbot=adbot, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")


async def test_a_paid_order_with_too_little_stock_gets_what_there_is_and_waits_for_the_rest(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(SESSIONS[0]))
    await provisioning.when(bought(ORDERS[0], 2), bought(ORDERS[1])).then(
        assigned(FIRST, SEATS[0]),
        provisioned(0, SEATS[0], sessions=2),
        SeatsAwaited(adbot=FIRST, missing=1),
        provisioned(1),
        SeatsAwaited(adbot=SECOND, missing=1),
    )


async def test_a_paid_order_with_too_little_stock_warns_of_the_seats_that_wait(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(SESSIONS[0]))
    with capture_logs() as logs:
        await prepare(provisioning, bought(ORDERS[0], 3))
    warnings = [(line["event"], line["missing"]) for line in logs if line["log_level"] == "warning"]
    assert warnings == [("seats.awaited", 2)]


async def test_arriving_stock_fills_waiting_seats_first_paid_first_served(
    provisioning: Provisioning,
) -> None:
    """Validity began with the first seat: what comes later changes nothing in it."""
    await prepare(provisioning, uploaded(SESSIONS[0]), bought(ORDERS[0], 2), bought(ORDERS[1]))
    later = NOON + DAY / 2
    await provisioning.when(later, uploaded(SESSIONS[1]), uploaded(SESSIONS[2])).then(
        stocked(SESSIONS[1]),
        assigned(FIRST, SEATS[1]),
        filled(FIRST, SEATS[1], NOON, NOON + DAY),
        stocked(SESSIONS[2]),
        assigned(SECOND, SEATS[2]),
        filled(SECOND, SEATS[2], later, later + DAY),
    )


async def test_a_pair_serves_no_more_sessions_than_allowed_and_another_one_helps(
    postgres_server: EmbeddedPostgres,
) -> None:
    async with provisioning_at_noon(postgres_server, max_sessions_per_pair=2) as provisioning:
        await prepare(provisioning, *map(uploaded, SESSIONS[:3]))
        await provisioning.when(bought(ORDERS[0], 3)).then(
            assigned(FIRST, SEATS[0]),
            assigned(FIRST, SEATS[1]),
            provisioned(0, *SEATS[:2], sessions=3),
            SeatsAwaited(adbot=FIRST, missing=1),
        )
        other = Seat(session=SESSIONS[2], pair=PAIR_B)
        await provisioning.when(application(PAIR_B)).then(
            ApiPairAdded(pair=PAIR_B, api_id=17), assigned(FIRST, other), filled(FIRST, other)
        )


async def test_a_session_keeps_its_own_pair_and_others_get_the_least_used(
    provisioning: Provisioning,
) -> None:
    await prepare(
        provisioning,
        application(PAIR_B),
        *(uploaded(session, PAIR_B) for session in SESSIONS[:2]),
        *map(uploaded, SESSIONS[2:5]),
    )
    pairs = [PAIR_B, PAIR_B, PAIR_A, PAIR_A, PAIR_A]
    seats = [Seat(session=session, pair=pair) for session, pair in zip(SESSIONS, pairs, strict=False)]
    await provisioning.when(bought(ORDERS[0], 5)).then(
        *(assigned(FIRST, seat) for seat in seats), provisioned(0, *seats, sessions=5)
    )


async def test_a_session_that_dies_in_stock_leaves_its_place_on_its_pair_to_others(
    postgres_server: EmbeddedPostgres,
) -> None:
    async with provisioning_at_noon(postgres_server, max_sessions_per_pair=1) as provisioning:
        await prepare(provisioning, uploaded(SESSIONS[0], PAIR_A), uploaded(SESSIONS[1]), died(SESSIONS[0]))
        await provisioning.when(bought(ORDERS[0])).then(assigned(FIRST, SEATS[1]), provisioned(0, SEATS[1]))


async def test_a_session_that_dies_in_a_seat_leaves_one_place_on_its_pair(
    postgres_server: EmbeddedPostgres,
) -> None:
    async with provisioning_at_noon(postgres_server, max_sessions_per_pair=1) as provisioning:
        await prepare(provisioning, uploaded(SESSIONS[0], PAIR_A), bought(ORDERS[0]), died(SESSIONS[0]))
        await provisioning.when(uploaded(SESSIONS[1]), uploaded(SESSIONS[2]), bought(ORDERS[1])).then(
            stocked(SESSIONS[1]),
            assigned(FIRST, SEATS[1]),
            filled(FIRST, SEATS[1]),
            stocked(SESSIONS[2]),
            provisioned(1),
            SeatsAwaited(adbot=SECOND, missing=1),
        )


async def test_a_dead_session_is_replaced_from_stock_and_else_its_seat_waits(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, *map(uploaded, SESSIONS[:3]), bought(ORDERS[0], 2), NOON + DAY / 2)
    await provisioning.when(died(SESSIONS[0])).then(
        lost(SESSIONS[0], FIRST),
        SeatLost(adbot=FIRST, session=SESSIONS[0], loss=SessionLoss.BANNED),
        assigned(FIRST, SEATS[2]),
        filled(FIRST, SEATS[2]),
    )
    await provisioning.when(died(SESSIONS[1])).then(
        lost(SESSIONS[1], FIRST), SeatLost(adbot=FIRST, session=SESSIONS[1], loss=SessionLoss.BANNED)
    )
    await provisioning.when(uploaded(SESSIONS[3])).then(
        stocked(SESSIONS[3]), assigned(FIRST, SEATS[3]), filled(FIRST, SEATS[3])
    )


def retired(session: SessionId, adbot: AdbotId | None, reason: str) -> SessionLost:
    return SessionLost(
        session=session, adbot=adbot, loss=SessionLoss.RETIRED, error="RETIRED_BY_HAND", reason=reason
    )


async def test_an_operator_replaces_a_seat_from_stock_and_else_it_waits(provisioning: Provisioning) -> None:
    await prepare(provisioning, *map(uploaded, SESSIONS[:2]), bought(ORDERS[0]))
    await provisioning.when(ReplaceSeat(adbot=FIRST, session=SESSIONS[0], reason="it posts too slowly")).then(
        retired(SESSIONS[0], FIRST, "it posts too slowly"),
        SeatLost(adbot=FIRST, session=SESSIONS[0], loss=SessionLoss.RETIRED),
        assigned(FIRST, SEATS[1]),
        filled(FIRST, SEATS[1]),
    )
    await provisioning.when(ReplaceSeat(adbot=FIRST, session=SESSIONS[1], reason="again")).then(
        retired(SESSIONS[1], FIRST, "again"),
        SeatLost(adbot=FIRST, session=SESSIONS[1], loss=SessionLoss.RETIRED),
        rows={ASSIGNMENTS: []},
    )


async def test_a_seat_is_replaced_on_its_own_adbot_only(provisioning: Provisioning) -> None:
    await prepare(provisioning, *map(uploaded, SESSIONS[:2]), bought(ORDERS[0]))
    elsewhere = ReplaceSeat(adbot=FIRST, session=SESSIONS[1], reason="x")
    await provisioning.when(elsewhere).then(refused="session_not_seated")
    unknown = ReplaceSeat(adbot=SECOND, session=SESSIONS[0], reason="x")
    await provisioning.when(unknown).then(refused="unknown_adbot")


async def test_an_operator_retires_sessions_in_stock_and_on_seats(provisioning: Provisioning) -> None:
    await prepare(provisioning, *map(uploaded, SESSIONS[:3]), bought(ORDERS[0]))
    await provisioning.when(RetireSession(session=SESSIONS[1], reason="sold")).then(
        retired(SESSIONS[1], None, "sold")
    )
    await provisioning.when(RetireSession(session=SESSIONS[1], reason="sold twice")).then()
    await provisioning.when(RetireSession(session=SESSIONS[0], reason="sold")).then(
        retired(SESSIONS[0], FIRST, "sold"),
        SeatLost(adbot=FIRST, session=SESSIONS[0], loss=SessionLoss.RETIRED),
        assigned(FIRST, SEATS[2]),
        filled(FIRST, SEATS[2]),
    )
    await provisioning.when(RetireSession(session=SESSIONS[4], reason="x")).then(refused="unknown_session")


async def test_a_session_that_dies_in_stock_is_not_sold(provisioning: Provisioning) -> None:
    await prepare(provisioning, *map(uploaded, SESSIONS[:2]))
    await provisioning.when(died(SESSIONS[0]), died(SESSIONS[0])).then(lost(SESSIONS[0], None))
    await provisioning.when(bought(ORDERS[0])).then(assigned(FIRST, SEATS[1]), provisioned(0, SEATS[1]))
