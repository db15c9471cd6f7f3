"""What a service answers before it has started."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from libs.chassis.health import Door


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    await send({"type": f"{scope['type']} answered"})


async def test_no_socket_is_opened_before_the_service_has_started() -> None:
    opened, sent = asyncio.Event(), list[Message]()
    door = Door(app, opened)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    scope = {"type": "websocket", "path": "/api/v1/live/socket"}
    await door(scope, receive, send)
    opened.set()
    await door(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close", "websocket answered"]
