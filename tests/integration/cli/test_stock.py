"""`adrelay stock`."""

from pathlib import Path

from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import Shop

SECRET = "1BQANOTEuMTA4LjU2LjE3MAG7"
HASH = "0123456789abcdef0123456789ABCDEF"


async def test_sessions_are_added_from_files_folders_and_lines(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "hash.txt").write_text(f"{HASH}\n")
    added = await adrelay(
        shop.url,
        *("stock", "add-application", "--api-id", "4712", "--api-hash-file", "hash.txt", "--json"),
        folder=tmp_path,
    )
    assert (added.code, added.err, added.document["api_id"]) == (0, "", 4712)
    application = added.document["pair"]
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / "anna.session").write_text(SECRET)
    (folder / "bert.session").write_text("no session")
    (folder / "notes.txt").write_text("no session either")
    (tmp_path / "strings.txt").write_text(f"{SECRET}\n\n{SECRET}\n")
    ran = await adrelay(
        shop.url,
        *("stock", "add", "sessions", "missing.session", "--strings", "strings.txt"),
        *("--application", application, "--json"),
        folder=tmp_path,
    )
    assert (ran.code, ran.err) == (1, "")
    outcomes = {one["from"]: one["problem"] for one in ran.document}
    assert outcomes == {
        "sessions/anna.session": None,
        "sessions/bert.session": "unreadable_session: this is something else",
        "missing.session": "no such file or directory",
        "strings.txt, line 1": None,
        "strings.txt, line 3": None,
    }
    assert SECRET not in ran.out
    listed = await adrelay(shop.url, "stock", "list", "--application", application, "--json")
    assert {one["session"] for one in listed.document} == {
        one["session"] for one in ran.document if one["added"]
    }
    shown = await adrelay(shop.url, "stock", "show")
    assert shown.err == ""
    assert [line.split()[1:] for line in shown.out.splitlines() if line.startswith(application)] == [
        ["4712", "3"]
    ]


async def test_each_result_is_a_line_and_all_added_ends_with_0(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "anna.session").write_text(SECRET)
    ran = await adrelay(shop.url, "stock", "add", "anna.session", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split()[:2] == ["added", "anna.session"]


async def test_nothing_to_add_is_told(shop: Shop, tmp_path: Path) -> None:
    ran = await adrelay(shop.url, "stock", "add", str(tmp_path))
    assert (ran.code, ran.err.startswith("✗ there is no session to add")) == (2, True)
