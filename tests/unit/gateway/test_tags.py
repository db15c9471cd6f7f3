"""Entity tags of answers."""

import pytest
from fastapi import Request

from services.gateway.api.requests.tags import tagged


def asking(*tags: str) -> Request:
    headers = [(b"if-none-match", tag.encode()) for tag in tags]
    return Request({"type": "http", "method": "GET", "headers": headers})


BODY = b'{"items":[]}'
TAG = tagged(asking(), BODY).headers["etag"]


def test_a_tag_names_the_bytes_of_the_answer() -> None:
    assert tagged(asking(), BODY).headers["etag"] == TAG
    assert tagged(asking(), BODY + b" ").headers["etag"] != TAG


@pytest.mark.parametrize(
    "given", [(TAG,), (TAG.removeprefix("W/"),), ("*",), (f'"a,b" ,{TAG}',), ('"other"', TAG)]
)
def test_the_same_answer_is_not_sent_again(given: tuple[str, ...]) -> None:
    answer = tagged(asking(*given), BODY)
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == TAG
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("given", [(), ("",), ('"other"',), (TAG.upper(),), (TAG[:-1],)])
def test_another_answer_is_sent(given: tuple[str, ...]) -> None:
    answer = tagged(asking(*given), BODY)
    assert (answer.status_code, answer.body) == (200, BODY)
