"""Parsing documentation pages: commands, settings and output."""

import pytest

from tests.e2e.pages import all_pages, read

PAGE = """\
# A page

Text with `code`.

    adrelay up                # a remark
    # a remark alone
    curl -H 'A: b' \\
         -d '{"a": 1}' http://127.0.0.1/#top
    curl -d '{
      "a": 2}'

and in `.env`:

    ADRELAY_A=1
    ADRELAY_B='two words'

```
output --of something
```

```sh
TOKEN=$(adrelay env ADRELAY_A)
```

    $ adrelay events lag
    some output
    $ adrelay events verify

- a list
  with two lines
"""


def test_commands_settings_and_output_are_distinguished() -> None:
    page = read("page.md", PAGE)
    assert page.settings == ["ADRELAY_A=1", "ADRELAY_B='two words'"]
    assert [(one.line, one.text) for one in page.commands] == [
        (5, "adrelay up"),
        (7, "curl -H 'A: b' \\\n     -d '{\"a\": 1}' http://127.0.0.1/#top"),
        (9, "curl -d '{\n  \"a\": 2}'"),
        (22, "TOKEN=$(adrelay env ADRELAY_A)"),
        (25, "adrelay events lag"),
        (27, "adrelay events verify"),
    ]


def test_an_unterminated_command_is_an_error() -> None:
    with pytest.raises(ValueError, match='line 1: "curl \'a" has no end'):
        read("page.md", "    curl 'a\n")


def test_every_page_is_read() -> None:
    names = {page.name for page in all_pages()}
    assert {"README.md", "docs/quickstart.md", "docs/how-to/payments.md"} <= names
    assert sum(len(page.commands) for page in all_pages()) > 60
