"""Answers to commands, as processes of different versions exchange them."""

import json

import pytest

from libs.events.results import RESULT, Accepted, Failure, NotYetKnown, Refusal, Written
from libs.eventsourcing import Refused


def sent(answer: Accepted | Refusal | Failure) -> object:
    return json.loads(RESULT.dump_json(answer))


def received(message: object) -> Accepted | Refusal | Failure:
    return RESULT.validate_json(json.dumps(message))


@pytest.mark.parametrize("kind", [Refused, NotYetKnown])
def test_a_sender_is_refused_with_the_type_that_was_raised(kind: type[Refused]) -> None:
    answer = received(sent(Refusal.of(kind("unknown_adbot", "there is no such adbot"))))
    assert isinstance(answer, Refusal)
    error = answer.error()
    assert (type(error), error.code, error.detail) == (kind, "unknown_adbot", "there is no such adbot")


def test_a_refusal_is_sent_as_senders_of_before_read_it() -> None:
    assert sent(Refusal.of(Refused("no_post", "set one"))) == {
        "outcome": "refused",
        "code": "no_post",
        "detail": "set one",
    }


def test_a_refusal_by_a_service_of_before_is_a_plain_one() -> None:
    answer = received({"outcome": "refused", "code": "unknown_adbot", "detail": ""})
    assert isinstance(answer, Refusal)
    assert type(answer.error()) is Refused


@pytest.mark.parametrize(
    "answer",
    [
        Accepted(written=(Written(service="billing", xid=1, position=2),)),
        Refusal(code="no_post"),
        Failure(reference="7"),
    ],
)
def test_what_a_newer_service_adds_to_an_answer_is_passed_over(answer: Accepted | Refusal | Failure) -> None:
    message = answer.model_dump(mode="json")
    for part in (message, *message.get("written", [])):
        part["of_tomorrow"] = 1
    assert received(message) == answer
