"""The demo's sample data in the Telegram sandbox: accounts, a channel with a post, groups."""

from dataclasses import dataclass

from sandbox.telegram import (
    AccountSpec,
    AlbumSpec,
    ChannelSpec,
    GroupSpec,
    Media,
    PostSpec,
    TelegramSandboxControl,
)

ACCOUNTS = ("Ada", "Grace", "Hedy")
SPARE = ("Joan", "Radia")
"""Accounts for the stock, beyond the seats of the plan."""
GROUPS = (
    "berlin_flats",
    "munich_flats",
    "hamburg_flats",
    "cologne_flats",
    "leipzig_flats",
    "dresden_flats",
    "bremen_flats",
    "essen_flats",
    "bonn_flats",
)
CHANNEL = "lakeside_homes"
PHOTO = PostSpec(media=Media.PHOTO)


@dataclass(frozen=True)
class Sample:
    """The sample data: account ids, the post's channel, link and number of messages, chat ids by group."""

    accounts: tuple[int, ...]
    channel: int
    post: str
    parts: int
    groups: dict[str, int]
    """Chat ids by canonical group, such as `@berlin_flats`."""


async def create_sample(
    telegram: TelegramSandboxControl, *, album: bool = False, tag: str = "", spare: bool = False
) -> Sample:
    """Create the sample data in the sandbox, every account there a member of every group; return it.

    A `tag` at the end of its names allows a second sample. With `spare` there are more accounts than seats.
    """
    names = (*ACCOUNTS, *SPARE) if spare else ACCOUNTS
    accounts = [(await telegram.create_account(AccountSpec(name=name))).id for name in names]
    members = [account.id for account in await telegram.accounts()]
    channel = await telegram.create_channel(ChannelSpec(title="Lakeside homes", username=f"{CHANNEL}{tag}"))
    if album:
        parts = await telegram.post_album(
            channel.id,
            AlbumSpec(
                album=[PostSpec(text="Two rooms, one lake.", media=Media.PHOTO), PostSpec(media=Media.PHOTO)]
            ),
        )
    else:
        parts = [await telegram.post(channel.id, PostSpec(text="Two rooms, one lake. Viewing on Saturday."))]
    groups = {
        f"@{name}{tag}": (
            await telegram.create_group(
                GroupSpec(title=name.replace("_", " ").title(), username=f"{name}{tag}", members=members)
            )
        ).id
        for name in GROUPS
    }
    return Sample(
        tuple(accounts), channel.id, f"https://t.me/{CHANNEL}{tag}/{parts[0].id}", len(parts), groups
    )
