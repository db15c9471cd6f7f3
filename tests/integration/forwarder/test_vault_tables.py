"""The vault on a real database: keys change, and the same session is recognised all the same."""

import secrets
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Engine
from services.forwarder.pool.sweeping import sweep
from services.forwarder.vault.cipher import TO_ALL, TO_OWNER, Cipher, Unsealable
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import TelegramApplication, Vault

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
SECRET = SessionKey(2, secrets.token_bytes(256))
PAIR_SECRET = TelegramApplication(17, "0123456789abcdef" * 2)
LASTING = timedelta(seconds=60)


async def test_secrets_are_sealed_anew_and_the_old_key_can_be_dropped(engine: Engine) -> None:
    session, pair = SessionId(uuid4()), ApplicationId(uuid4())
    old, both, new = (Vault(Cipher(keys)) for keys in ([OLD], [NEW, OLD], [NEW]))
    await engine.query(lambda sql: old.put_session(sql, session, SECRET))
    await engine.query(lambda sql: old.put_application(sql, pair, PAIR_SECRET))
    with pytest.raises(Unsealable):
        await engine.query(lambda sql: new.session(sql, session))

    assert await engine.query(lambda sql: both.known(sql, SECRET)) == session
    assert await engine.query(both.reseal) == 2
    assert await engine.query(both.reseal) == 0

    assert await engine.query(lambda sql: new.session(sql, session)) == SECRET
    assert await engine.query(lambda sql: new.application(sql, pair)) == PAIR_SECRET
    assert await engine.query(lambda sql: new.known(sql, SECRET)) == session


async def put_as_earlier_versions(engine: Engine, session: SessionId, pair: ApplicationId) -> None:
    """Store both secrets bound to their ids only."""
    cipher, nonce = Cipher([OLD]), secrets.token_bytes(12)
    boxes = [
        nonce + AESGCM(OLD).encrypt(nonce, secret, owner.bytes)
        for secret, owner in ((SECRET.key, session), (PAIR_SECRET.api_hash.encode(), pair))
    ]
    await engine.query(
        lambda sql: sql.execute(
            "insert into vault.sessions (session, dc, key, box, fingerprint) values ($1, $2, $3, $4, $5)",
            *(session, SECRET.dc, cipher.current, boxes[0], cipher.fingerprints(SECRET.key)[0]),
        )
    )
    await engine.query(
        lambda sql: sql.execute(
            "insert into vault.pairs (pair, api_id, key, box) values ($1, $2, $3, $4)",
            *(pair, PAIR_SECRET.api_id, cipher.current, boxes[1]),
        )
    )


async def test_secrets_of_earlier_versions_are_readable_and_bound_anew(engine: Engine) -> None:
    session, pair = SessionId(uuid4()), ApplicationId(uuid4())
    await put_as_earlier_versions(engine, session, pair)
    vault = Vault(Cipher([OLD]))

    async def bindings() -> set[int]:
        rows = await engine.query(
            lambda sql: sql.fetch(
                "select binding from vault.sessions union all select binding from vault.pairs"
            )
        )
        return {row["binding"] for row in rows}

    assert await bindings() == {TO_OWNER}
    assert await engine.query(lambda sql: vault.session(sql, session)) == SECRET
    assert await engine.query(lambda sql: vault.application(sql, pair)) == PAIR_SECRET

    assert await engine.query(vault.reseal) == 2
    assert await engine.query(vault.reseal) == 0

    assert await bindings() == {TO_ALL}
    assert await engine.query(lambda sql: vault.session(sql, session)) == SECRET
    assert await engine.query(lambda sql: vault.application(sql, pair)) == PAIR_SECRET


async def test_a_session_is_not_read_for_another_data_centre_than_its_own(engine: Engine) -> None:
    session, vault = SessionId(uuid4()), Vault(Cipher([OLD]))
    await engine.query(lambda sql: vault.put_session(sql, session, SECRET))
    await engine.query(lambda sql: sql.execute("update vault.sessions set dc = 4"))
    with pytest.raises(Unsealable):
        await engine.query(lambda sql: vault.session(sql, session))


async def test_an_api_hash_is_not_read_for_another_application_than_its_own(engine: Engine) -> None:
    pair, vault = ApplicationId(uuid4()), Vault(Cipher([OLD]))
    await engine.query(lambda sql: vault.put_application(sql, pair, PAIR_SECRET))
    await engine.query(lambda sql: sql.execute("update vault.pairs set api_id = 18"))
    with pytest.raises(Unsealable):
        await engine.query(lambda sql: vault.application(sql, pair))


async def test_one_upload_of_a_session_is_checked_at_a_time(engine: Engine) -> None:
    vault, first, second = Vault(Cipher([OLD])), SessionId(uuid4()), SessionId(uuid4())
    assert await engine.query(lambda sql: vault.claim_check(sql, first, SECRET, LASTING))
    assert not await engine.query(lambda sql: vault.claim_check(sql, second, SECRET, LASTING))
    await engine.query(lambda sql: vault.release_check(sql, second))
    assert not await engine.query(lambda sql: vault.claim_check(sql, second, SECRET, LASTING))
    await engine.query(lambda sql: vault.release_check(sql, first))
    assert await engine.query(lambda sql: vault.claim_check(sql, second, SECRET, timedelta(0)))
    assert await engine.query(lambda sql: vault.claim_check(sql, first, SECRET, LASTING))  # it had run out


async def test_attempts_of_what_nobody_waits_for_are_forgotten(engine: Engine) -> None:
    await engine.query(
        lambda sql: sql.execute(
            "insert into pool.attempts values ($1, '@group', $2, 1, true, null)", uuid4(), uuid4()
        )
    )
    await engine.query(
        lambda sql: sql.execute("insert into pool.claims values ($1, 17, 1, '@group')", uuid4())
    )
    await sweep(engine)
    assert await engine.query(lambda sql: sql.fetch("select 1 from pool.attempts")) == []
    assert await engine.query(lambda sql: sql.fetch("select 1 from pool.claims")) == []


async def test_keys_that_are_needed_and_not_configured_are_named(engine: Engine) -> None:
    session, pair = SessionId(uuid4()), ApplicationId(uuid4())
    old, both, new = (Vault(Cipher(keys)) for keys in ([OLD], [NEW, OLD], [NEW]))
    assert await engine.query(new.missing_keys) == []
    await engine.query(lambda sql: old.put_session(sql, session, SECRET))
    await engine.query(lambda sql: old.put_application(sql, pair, PAIR_SECRET))
    assert await engine.query(both.missing_keys) == []
    assert await engine.query(new.missing_keys) == [Cipher([OLD]).current]
