"""`adrelay events create-stream`: creates the stream of events."""

from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.terminal.outcome import Exit, screen


async def create(servers: ServerOptions) -> Exit:
    """Create the stream unless it exists."""
    async with streaming(servers.broker(), absent=True) as stream:
        await stream.ensure()
    screen().print(f"✓ the broker holds the stream {stream.name}")
    return Exit.OK
