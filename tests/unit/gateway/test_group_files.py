"""Files of groups, as spreadsheets and text editors write them."""

import time
from contextlib import suppress

import pytest

from services.gateway.api.adbots.group_files import lines_in
from services.gateway.api.requests.problems import Denied


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"@bakers\n@millers\n", ("@bakers", "@millers")),
        (b"@bakers\r\n@millers", ("@bakers", "@millers")),
        (b"@bakers\r@millers\r", ("@bakers", "@millers")),
        (b"\xef\xbb\xbf@bakers\n", ("@bakers",)),
        (b"\n\n@bakers\n\n@millers\n\n\n", ("", "", "@bakers", "", "@millers")),
        (b"Group,Members\n@bakers,12\n", ("", "@bakers")),
        (b"\n Username \n@bakers\n", ("", "", "@bakers")),
        (b"bakers\n@millers\n", ("bakers", "@millers")),  # not the name of a column: a mistake
        (b"@bakers\nGroup\n", ("@bakers", "Group")),  # only the first line may be one
        (b'"@bakers","12, or 13"\n"@millers"\n', ("@bakers", "@millers")),
        (b'"@bakers";"a;b"\n@millers;x\n', ("@bakers", "@millers")),
        (b"@bakers\tx\n  @millers  \tx\n", ("@bakers", "@millers")),
        (b'@bakers,"a\nb"\n@millers\n', ("@bakers", "", "@millers")),  # a cell of two lines
        (b",@bakers\n", ()),
        ("@bäcker\n".encode(), ("@bäcker",)),
        (b"@bak\x00ers\x1b\n", ("@bak?ers?",)),
        (b"", ()),
        (b"\n \n", ()),
        (b'a" b\n@millers\n', ('a" b', "@millers")),
    ],
)
def test_each_line_gives_the_first_cell(content: bytes, lines: tuple[str, ...]) -> None:
    assert lines_in(content) == lines


def test_what_is_longer_than_any_group_is_cut_and_no_group_any_more() -> None:
    (line,) = lines_in(b"https://t.me/bakers?" + b"x" * 1000)
    assert (len(line), line[:20]) == (300, "…https://t.me/bakers")


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"@bakers\n@m\xe4hler\n", "line 2 is not in UTF-8"),
        (b"\xff\xfe@\x00b\x00", "UTF-16"),
        (b"@bakers\n" * 10_001, "10001 lines, at most 10000"),
        (b'@bakers\n"' + b"x" * 200_000, "line 2: "),
        ((b"\\" * 299 + b"\n") * 1700, "too large"),
    ],
)
def test_an_unreadable_file_says_where_and_why(content: bytes, detail: str) -> None:
    with pytest.raises(Denied) as denied:
        lines_in(content)
    assert (denied.value.status, denied.value.code) == (422, "unreadable_file")
    assert detail in denied.value.detail


@pytest.mark.parametrize("part", [b'"', b",", b'",', b'"\n', b";", b"\n", b"\r", b"\\", b"a,"])
def test_adversarial_files_are_read_in_linear_time(part: bytes) -> None:
    began = time.process_time()
    with suppress(Denied):
        lines_in(part * (512 * 1024 // len(part)))
    assert time.process_time() - began < 0.5
