"""State table: devices that are signed in."""

from libs.events.gateway import DeviceSignedIn, DeviceSignedOut
from libs.eventsourcing import Projection, TableSql

DEVICES = Projection(
    "devices",
    version=1,
    ddl="""
    -- signed in as long as its account has this epoch and its refresh token has not expired
    create table devices (
        device uuid primary key,
        account uuid not null,
        epoch integer not null,
        signed_in_at timestamptz not null
    );
    create index on devices (account, signed_in_at);
    """,
)
"""One row for each sign-in; deleted with the sign-out, which also follows the end of a refresh token."""


@DEVICES.on(DeviceSignedIn)
async def signed_in(event: DeviceSignedIn, sql: TableSql) -> None:
    """Add the device."""
    await sql.insert(device=event.device, account=event.account, epoch=event.epoch, signed_in_at=sql.at)


@DEVICES.on(DeviceSignedOut)
async def signed_out(event: DeviceSignedOut, sql: TableSql) -> None:
    """Delete the device."""
    await sql.execute("delete from devices where device = $1", event.device)
