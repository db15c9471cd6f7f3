"""What the relay sends to the broker for an atomic batch."""
# nats-py is only partly typed
# pyright: reportUnknownMemberType=false

from dataclasses import replace

import pytest
from nats.protocol import command

from libs.eventsourcing.stream.publishing import Batch, Naming, PublishFailed, partition
from libs.eventsourcing.values import Cursor, Envelope
from tests.unit.eventsourcing.test_record import ENVELOPE

NAMING = Naming("event", "ev", "fence", "Event-Position", "Event-Follows", "Event-Stream")


def events(count: int) -> list[Envelope]:
    """Return events in order; every third names the types that follow it."""
    follows = [frozenset[str](), frozenset({"MeterTurned"}), frozenset({"MeterTurned", "Ärgernis"})]
    return [
        replace(ENVELOPE, version=number, cursor=Cursor(9, number), follows=follows[number % 3])
        for number in range(1, count + 1)
    ]


def test_the_middle_messages_of_a_batch_are_encoded_as_by_the_client() -> None:
    batch = Batch(NAMING, "meters", events(20))
    expected = b""
    for number, event in enumerate(batch[1:-1], 2):
        headers = NAMING.headers(event) | batch.headers(number)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        subject = NAMING.subject("meters", event)
        expected += command.hpub_cmd(subject, "", f"NATS/1.0\r\n{lines}\r\n".encode(), event.to_json())
    assert b"".join(batch.chunks) == expected


def test_a_stream_keeps_its_partition_for_ever() -> None:
    streams = ["meter-a", "order-HQADZ-00000042-ABCDE", "cycle-01a1fb49-e9e9-7537-8cc6-965c390803d2"]
    assert [partition(stream) for stream in streams] == [3, 6, 2]


def test_a_large_batch_goes_to_the_client_in_chunks() -> None:
    wide = [replace(event, data=f'{{"note": "{"x" * 90_000}"}}') for event in events(20)]
    chunks = Batch(NAMING, "meters", wide).chunks
    assert len(chunks) == 6
    assert max(map(len, chunks)) < 400_000


@pytest.mark.parametrize("kind", ["Meter Turned", "MeterTurned\r\nPUB x 0\r\n", ""])
def test_a_name_that_is_no_subject_is_never_published(kind: str) -> None:
    odd = replace(ENVELOPE, type=kind, stream=ENVELOPE.stream if kind else "meter a")
    with pytest.raises(PublishFailed, match="no subject" if kind else "no name of a stream"):
        Batch(NAMING, "meters", [ENVELOPE, odd, ENVELOPE])
    with pytest.raises(PublishFailed, match="no names"):
        Batch(NAMING, "meters", [ENVELOPE, replace(ENVELOPE, follows=frozenset({kind})), ENVELOPE])
