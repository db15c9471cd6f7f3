"""The operator's commands read lists whole, however many pages they have."""

from pathlib import Path

import pytest

from adrelay.servers import gateway
from adrelay.servers.gateway import TOKEN, URL, Gateway, Items
from tests.integration.gateway.shop import ADMIN_TOKEN, Shop


async def test_a_list_of_many_pages_is_read_whole_or_up_to_a_number(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = "pages@example.com"
    await shop.check_out(email=email)
    wanted = {(await shop.check_out())["order_number"] for _ in range(2)}
    monkeypatch.setenv(URL, shop.url)
    monkeypatch.setenv(TOKEN, ADMIN_TOKEN)
    monkeypatch.setattr(gateway, "PAGE", 1)
    async with Gateway(tmp_path / ".env") as operator:
        whole = await operator.items("orders")
        assert wanted < {order["order_number"] for order in whole.items}
        assert not whole.more
        assert await operator.items("orders", most=2) == Items(whole.items[:2], more=True)
        (only,) = (await operator.items("orders", {"email": email}, most=2)).items
        assert only["email"] == email
