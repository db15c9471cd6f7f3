"""The mails to the operator: bundled, limited, and repeated only for those that had none."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.headerregistry import Address

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.events.gateway import NoticeKind
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.gateway.notices.commands import Clear, Tell, key_of
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.mailing import Mailing, NoticeMails
from services.gateway.notices.tables import next_mail_at
from services.gateway.notices.writing import NoticeWriter
from services.gateway.ports import Letter, MailNotAccepted, MailRefused
from services.gateway.registry import REGISTRY
from tests.support.databases import fresh_database
from tests.support.engines import started

ANNA, BERT = "anna@example.org", "bert@example.org"
KIND = NoticeKind.DEAD_LETTERS
SENDER = Address("", "no-reply", "ads.example.org")


class FakeMailer:
    """Keeps letters; refuses or fails for some addresses."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.away: set[str] = set()
        self.refused: set[str] = set()

    async def send(self, letter: Letter) -> None:
        """Keep the letter."""
        if letter.to in self.away:
            raise MailNotAccepted("try later")
        if letter.to in self.refused:
            raise MailRefused("no such mailbox")
        self.sent.append(letter)

    def take(self) -> list[tuple[str, str]]:
        """Return the recipients and subjects of the letters since the last call."""
        sent, self.sent = self.sent, []
        return [(letter.to, letter.subject.removeprefix("Adrelay: ")) for letter in sent]


@pytest.fixture
def mailer() -> FakeMailer:
    """Return a mailer that sends nothing."""
    return FakeMailer()


@pytest_asyncio.fixture(loop_scope="session")
async def engine(postgres_server: EmbeddedPostgres) -> AsyncIterator[Engine]:
    """Yield the gateway's engine, on a fresh database."""
    async with fresh_database(postgres_server, "gateway") as url:
        made = Engine(
            "gateway",
            url,
            published(),
            state_tables=REGISTRY.state_tables,
            read_models=REGISTRY.read_models,
        )
        async with started(made, pool_size=4) as engine:
            yield engine


def mails_of(
    engine: Engine, mailer: FakeMailer, *, gather: timedelta = timedelta(0), most_an_hour: int = 9
) -> NoticeMails:
    """Return what sends the mails."""
    mailing = Mailing((ANNA, BERT), gather=gather, most_an_hour=most_an_hour, lease=timedelta(0))
    return NoticeMails(engine, mailer, NoticeWriter(SENDER), mailing)


async def tell(engine: Engine, *subjects: str, mail: bool = True) -> None:
    async def work(unit: UnitOfWork) -> None:
        for one in subjects:
            await unit.execute(NOTICE, key_of(KIND, one), Tell(KIND, one, f"of {one}", mail, unit.at))

    await engine.run(work, Causes.first("service:test"))


async def clear(engine: Engine, subject: str) -> None:
    await engine.run(
        lambda unit: unit.execute(NOTICE, key_of(KIND, subject), Clear()), Causes.first("service:test")
    )


async def send(mails: NoticeMails) -> bool:
    """Send what is due; return whether anything was."""
    claimed = await mails.claim()
    if claimed is None:
        return False
    await mails.send(claimed)
    return True


async def test_notices_of_a_few_minutes_are_one_mail_and_each_is_mailed_once(
    engine: Engine, mailer: FakeMailer
) -> None:
    await tell(engine, "one", "two", "three")
    await tell(engine, "not to be mailed", mail=False)
    await clear(engine, "three")
    patient = mails_of(engine, mailer, gather=timedelta(minutes=2))
    assert not await send(patient)
    mails = mails_of(engine, mailer)
    assert await send(mails)
    subject = "there are dead letters, and 1 more"
    assert mailer.take() == [(ANNA, subject), (BERT, subject)]
    assert not await send(mails)
    assert await engine.query(lambda sql: next_mail_at(sql, timedelta())) is None


async def test_there_are_at_most_so_many_mails_an_hour(engine: Engine, mailer: FakeMailer) -> None:
    mails = mails_of(engine, mailer, most_an_hour=2)
    for subject in ("one", "two", "three"):
        await tell(engine, subject)
        await send(mails)
    assert len(mailer.take()) == 2 * 2
    await tell(engine, "four")
    assert not await send(mails)
    assert await send(mails_of(engine, mailer, most_an_hour=3))
    assert mailer.take()[0] == (ANNA, "there are dead letters, and 1 more")


async def test_after_a_failure_only_who_had_no_mail_gets_one(engine: Engine, mailer: FakeMailer) -> None:
    mails = mails_of(engine, mailer)
    await tell(engine, "one")
    mailer.away = {ANNA}
    assert await send(mails)
    assert mailer.take() == [(BERT, "there are dead letters")]
    assert not await send(mails)  # it is tried again after a pause
    await tell(engine, "two")
    await engine.query(lambda sql: sql.execute("update notices set try_at = now()"))
    mailer.away = set()
    assert await send(mails)
    both = "there are dead letters, and 1 more"
    assert mailer.take() == [(ANNA, both), (BERT, "there are dead letters")]
    assert not await send(mails)


async def test_an_address_that_is_refused_for_good_holds_nothing_up(
    engine: Engine, mailer: FakeMailer
) -> None:
    mailer.refused = {ANNA}
    await tell(engine, "one")
    mails = mails_of(engine, mailer)
    assert await send(mails)
    assert mailer.take() == [(BERT, "there are dead letters")]
    assert not await send(mails)
    assert await engine.query(lambda sql: next_mail_at(sql, timedelta())) is None
