"""The commands to the scheduler; `account` is the caller's, which must own the adbot, None for an admin."""

from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.cadence import Cadence
from libs.events.scheduler import GroupListId, PostOrder, Reason
from libs.events.values import AccountId, AdbotId, PostCheckId, SendOptions, TextFormat
from libs.eventsourcing.model.event import Command, Contract

LongText = Annotated[str, StringConstraints(max_length=4096)]
WrittenGroup = Annotated[str, StringConstraints(max_length=300)]
"""A group as people write it: `@name`, a link or an id, each with an optional `/topic`."""


class WrittenGroupOption(Contract):
    """What differs for one group, which is named as people write it; else like `GroupOption`."""

    group: Annotated[WrittenGroup, StringConstraints(min_length=1)]
    paused: bool = False
    every_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = None


class SetAdvertisement(Command):
    """Set an adbot's posts and groups, as written by the client. Each cycle sends one post.

    Refused: `unknown_adbot`, `malformed_post`, `malformed_groups` (names the first hundred), `no_groups`,
    `too_many_groups` and `too_many_posts` (name the limit), `private_ids_not_allowed` and `blocked_targets`
    (name them), `blocked_source`, `unknown_group_list` (names the lists), `unknown_group` (names groups that
    have an option, and are in no list), `advertisement_too_large`. Duplicate groups are merged.
    """

    adbot: AdbotId
    account: AccountId | None
    post: LongText
    """A link to a post, or a text."""
    format: TextFormat = TextFormat.PLAIN
    """The format of the texts; ignored for a link."""
    groups: Annotated[tuple[WrittenGroup, ...], Field(max_length=10_000)]
    """May be empty if there is a list."""
    more_posts: Annotated[tuple[LongText, ...], Field(max_length=19)] = ()
    order: PostOrder = PostOrder.IN_TURN
    lists: Annotated[tuple[GroupListId, ...], Field(max_length=20)] = ()
    group_options: Annotated[tuple[WrittenGroupOption, ...], Field(max_length=10_000)] = ()
    options: SendOptions = SendOptions()


class ChangeAdvertisement(Command):
    """Change an adbot's post, or its own groups; what is None, and all else, stays as it is.

    The post takes the place of all posts. It may be set before any group is. Options of groups that are no
    longer named end. Refused: `unknown_adbot`, `no_post` (none is set and none given), `malformed_post`,
    `malformed_groups`, `no_groups`, `too_many_groups`, `private_ids_not_allowed`, `blocked_targets`,
    `blocked_source`, `advertisement_too_large`.
    """

    adbot: AdbotId
    account: AccountId | None
    post: LongText | None = None
    """A link to a post, or a text."""
    format: TextFormat = TextFormat.PLAIN
    """The format of a text; ignored for a link."""
    groups: Annotated[tuple[WrittenGroup, ...], Field(max_length=10_000)] | None = None


class SetGroupList(Command):
    """Make a group list of an account, or change one; adbots that use it send to its groups from now on.

    Refused: `unknown_group_list` (also another account's), `too_many_group_lists`, `malformed_groups` (names
    the first hundred), `no_groups`, `too_many_groups`, `private_ids_not_allowed` and `blocked_targets` (name
    them), `unknown_group` (names groups that have an option, and are not in the list),
    `group_list_too_large`. Duplicate groups are merged.
    """

    list: GroupListId
    account: AccountId
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)] | None
    """None: as it is."""
    groups: Annotated[tuple[WrittenGroup, ...], Field(max_length=10_000)]
    group_options: Annotated[tuple[WrittenGroupOption, ...], Field(max_length=10_000)] | None = None
    """None: groups that stay in the list keep theirs."""
    new: bool = False
    """Make the list; else it must exist."""
    numbered: bool = False
    """The groups are lines of a file: a refusal names malformed ones by their numbers."""


class DeleteGroupList(Command):
    """Delete a group list; adbots that use it send to its groups no longer. Refused: `unknown_group_list`."""

    list: GroupListId
    account: AccountId


class SetGroupOption(Command):
    """Set the option of one group: of an adbot, for which it counts first, or of a list for all who use it.

    Refused: `unknown_adbot`, `unknown_group_list`, `malformed_groups`, `unknown_group` (it is not among the
    groups), `too_many_group_options`, `group_list_too_large`.
    """

    adbot: AdbotId | None = None
    list: GroupListId | None = None
    """Used without `adbot`."""
    account: AccountId | None
    option: WrittenGroupOption


class SetPacing(Command):
    """Set an adbot's pacing as a whole: what is left out is as the operator configured, or not set.

    Refused: `unknown_adbot`, `pacing_below_limit`, `unknown_time_zone`, `malformed_quiet_hours`,
    `timetable_too_dense`, `malformed_period`. Each names the field and what to do.
    """

    adbot: AdbotId
    account: AccountId | None
    delay_seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    jitter_seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    cadence: Cadence = Cadence()


class StartAdbot(Command):
    """Start an adbot; accepted if it is running.

    The first cycle is due as soon as its pacing allows, and not before an interval after the adbot's last
    cycle. Refused: `unknown_adbot`, `adbot_suspended`, `adbot_expired`, `no_seats`, `no_post`, `no_groups`,
    `private_ids_not_allowed`, `blocked_targets`, `blocked_source`, `period_ended`.
    """

    adbot: AdbotId
    account: AccountId | None


class StopAdbot(Command):
    """Stop an adbot; accepted if it is stopped. Refused: `unknown_adbot`."""

    adbot: AdbotId
    account: AccountId | None


class ConfirmGroup(Command):
    """Say that a group of an adbot is alive: denials of it end, and the next cycle asks it again.

    Refused: `unknown_adbot`, `malformed_groups`.
    """

    adbot: AdbotId
    account: AccountId | None
    group: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """As in `SetAdvertisement`."""


class CheckPost(Command):
    """Let each seat of an adbot look at posts: whether it can read them, and may forward them.

    Without `posts` those of the advertisement are looked at; texts need no check. Refused: `unknown_adbot`,
    `adbot_suspended`, `adbot_expired`, `no_seats`, `malformed_post`, `no_post`, `nothing_to_check` (only
    texts), `private_ids_not_allowed`, `blocked_source`, `too_many_post_checks`.
    """

    adbot: AdbotId
    account: AccountId | None
    check: PostCheckId
    """The id that the check gets."""
    posts: Annotated[tuple[LongText, ...], Field(max_length=20)] = ()
    """As in `SetAdvertisement`."""


class AllowPrivateIds(Command):
    """Allow an account's adbots to name chats by private ids; accepted if they are allowed already."""

    account: AccountId
    reason: Reason


class ForbidPrivateIds(Command):
    """Forbid an account's adbots private ids and stop adbots that name some; accepted if not allowed."""

    account: AccountId
    reason: Reason


WrittenChat = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A chat as people write it: `@name`, a link or an id."""


class PauseAll(Command):
    """Pause all adbots; accepted if they are paused."""

    reason: Reason


class ResumeAll(Command):
    """End the pause of all adbots; accepted if there is none."""

    reason: Reason


class BlockTarget(Command):
    """Block a group and its topics; accepted if it is blocked. Refused: `malformed_target`."""

    target: WrittenChat
    reason: Reason


class UnblockTarget(Command):
    """Unblock a group; accepted if it is not blocked. Refused: `malformed_target`."""

    target: WrittenChat
    reason: Reason


class BlockSource(Command):
    """Block a channel as a source of posts; accepted if it is blocked. Refused: `malformed_source`."""

    source: WrittenChat
    reason: Reason


class UnblockSource(Command):
    """Unblock a channel; accepted if it is not blocked. Refused: `malformed_source`."""

    source: WrittenChat
    reason: Reason
