"""Cursors, causes and envelopes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.eventsourcing import Causes
from libs.eventsourcing.model.envelope import STREAM_NAME
from libs.eventsourcing.values import START, Cursor, Envelope, new_id, utc_now

CURSORS = st.builds(Cursor, st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))

ENVELOPE = Envelope(
    id=UUID("018f0000-0000-7000-8000-000000000001"),
    type="MeterTurned",
    schema=1,
    stream="meter-a",
    version=7,
    cursor=Cursor(1000, 3),
    at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    correlation_id=uuid4(),
    causation_id=uuid4(),
    actor="account:7",
    data='{"number": 7}',
)


@given(CURSORS)
def test_a_cursor_round_trips_through_text(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


def test_cursors_are_ordered_by_transaction_first() -> None:
    assert START < Cursor(9, 100) < Cursor(10, 1) < Cursor(10, 2) < Cursor(100, 0)


@pytest.mark.parametrize("text", ["", "7", "7.", ".7", "a.b", "7.8.9"])
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="int"):
        Cursor.parse(text)


def test_a_first_request_is_its_own_cause() -> None:
    causes = Causes.first("admin")
    assert causes.correlation_id == causes.causation_id
    assert causes != Causes.first("admin")


def test_ids_are_of_version_7_and_grow() -> None:
    ids = [new_id() for _ in range(100)]
    assert {one.version for one in ids} == {7}
    assert sorted(ids) == ids


def test_the_present_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC


@given(st.text(max_size=40), st.text(max_size=200))
def test_an_envelope_round_trips_through_a_message(actor: str, note: str) -> None:
    envelope = replace(ENVELOPE, actor=actor, data=json.dumps({"note": note}, ensure_ascii=False))
    assert Envelope.from_json(envelope.to_json()) == envelope


@given(st.datetimes(), st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=-30))]))
def test_the_format_of_instants_does_not_change(naive: datetime, zone: timezone) -> None:
    at = naive.replace(tzinfo=zone)
    assert json.loads(replace(ENVELOPE, at=at).to_json())["at"] == at.isoformat()


def test_an_actor_can_not_change_how_the_instant_is_written() -> None:
    envelope = replace(ENVELOPE, actor='Z","correlation_id":"', type='Z","correlation_id":"')
    assert Envelope.from_json(envelope.to_json()) == envelope


def test_the_spelling_of_event_data_is_preserved() -> None:
    envelope = replace(ENVELOPE, data='{"b": 1,  "a":1e2, "n": "\\u00e9"}')
    assert Envelope.from_json(envelope.to_json()).data == envelope.data


@pytest.mark.parametrize("data", ["NaN", "1e400", '"\\ud800"', "1" + "0" * 5000, "[" * 5000 + "]" * 5000])
def test_malformed_data_is_a_value_error(data: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Envelope.from_json(replace(ENVELOPE, data=f'{{"number": {data}}}').to_json())


@pytest.mark.parametrize("field", ["schema", "version", "xid", "position"])
@pytest.mark.parametrize("value", [-1, 2**63, True, "7", 0.5])
def test_a_number_out_of_the_columns_range_is_a_value_error(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Envelope.from_json(json.dumps(json.loads(ENVELOPE.to_json()) | {field: value}))


@pytest.mark.parametrize(
    "body", [b"", b"7", b"[]", b"null", b"{}", b"\xff", b'{"id": "x"}', b'{"id": 5}', b'{"id": null}']
)
def test_a_malformed_envelope_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Envelope.from_json(body)


def test_an_envelope_with_a_wrong_field_is_a_value_error() -> None:
    fields = json.loads(ENVELOPE.to_json())
    for name, value in {"at": 5, "causation_id": "x", "correlation_id": 7}.items():
        with pytest.raises(ValueError, match=r"."):
            Envelope.from_json(json.dumps(fields | {name: value}))


def test_unknown_fields_of_an_envelope_are_ignored() -> None:
    fields = json.loads(ENVELOPE.to_json()) | {"tenant": "x"}
    assert Envelope.from_json(json.dumps(fields)) == ENVELOPE


def test_a_stream_name_is_a_category_and_a_key() -> None:
    assert STREAM_NAME.match("order-HQADZ-M5X2K1-9F3QTB7W")
    assert STREAM_NAME.match("product-plan_1-b")
    for name in ("order", "order-", "-x", "order-a.b", "order-*", "order-a\n", "order-" + "x" * 121):
        assert not STREAM_NAME.match(name), name
