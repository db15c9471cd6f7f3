"""Ids are found in pasted text, whatever surrounds them."""

import pytest

from libs.chassis.pasted import Kind, read, stream_name

ORDER = "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"
ID = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"


@pytest.mark.parametrize(
    ("text", "meant", "kind"),
    [
        (ORDER, ORDER, Kind.ORDER),
        (f"  '{ORDER.lower()}'\n", ORDER, Kind.ORDER),
        (f"order-{ORDER}", ORDER, Kind.ORDER),
        (f"Order #{ORDER}, paid.", ORDER, Kind.ORDER),
        (f"https://shop.example/?order={ORDER}&x=1", ORDER, Kind.ORDER),
        (ID, ID, Kind.ID),
        (f"<{ID.upper()}>", ID, Kind.ID),
        (f"urn:uuid:{ID}", ID, Kind.ID),
        (ID.replace("-", ""), ID, Kind.ID),
        (f"http://127.0.0.1:8080/api/v1/admin/adbots/{ID}/extend", ID, Kind.ID),
        (f'"adbot-{ID.upper()}"', f"adbot-{ID}", Kind.NAME),
        (f"`cycle-{ID}`", f"cycle-{ID}", Kind.NAME),
        ("5123456789", "5123456789", Kind.NAME),
        ("#5123456789;", "5123456789", Kind.NAME),
        ("product-bronze", "product-bronze", Kind.NAME),
        ("Someone@Example.com", "someone@example.com", Kind.EMAIL),
        ("Some One <someone@example.com>,", "someone@example.com", Kind.EMAIL),
        ("mailto:someone@example.com", "someone@example.com", Kind.EMAIL),
        ("https://t.me/Berlin_Ads/17", "@berlin_ads", Kind.TELEGRAM),
        ("t.me/c/1234567/5", "-1000001234567", Kind.TELEGRAM),
        ("https://t.me/+AbCdEf0123", "+AbCdEf0123", Kind.TELEGRAM),
        ("@Berlin", "@berlin", Kind.TELEGRAM),
        (" '' ", "", Kind.NAME),
    ],
)
def test_the_id_is_found_in_pasted_text(text: str, meant: str, kind: Kind) -> None:
    assert read(text) == (meant, kind)


def test_a_text_with_two_orders_names_none() -> None:
    assert read(f"{ORDER} or {ORDER[:-1]}X").kind is Kind.NAME


def test_an_order_number_is_the_name_of_its_stream() -> None:
    assert stream_name(ORDER.lower()) == stream_name(f"order-{ORDER}") == f"order-{ORDER}"
    assert stream_name(f"adbot-{ID}") == f"adbot-{ID}"
