"""Requests that have secrets where they are wrong, misplaced or malformed."""

import secrets

import httpx


class Planted:
    """Secrets that are sent to the gateway in every place, and its answers that are problems."""

    def __init__(self, http: httpx.AsyncClient, *, prefix: str = "/api/v1/") -> None:
        self._http, self._prefix = http, prefix
        self.wrong_code = f"USER-{secrets.token_hex(8)}".upper()
        self.wrong_token = f"t0ken-{secrets.token_hex(16)}"
        self.api_hash = secrets.token_hex(16)
        self.session = f"1session-{secrets.token_hex(64)}"
        self.foreign_session = f"F0reign-{secrets.token_hex(64)}"
        self.mail_password = f"m4il-{secrets.token_hex(12)}"
        self.problems: list[str] = []

    @property
    def all(self) -> dict[str, str]:
        """Return every secret that was made up for the test, by name."""
        return {
            "wrong code": self.wrong_code,
            "wrong token": self.wrong_token,
            "api_hash": self.api_hash,
            "session": self.session,
            "refused session": self.foreign_session,
            "mail password": self.mail_password,
        }

    async def send(self, method: str, path: str, status: int, **request: object) -> None:
        """Send a request that is refused, and keep the answer."""
        answer = await self._http.request(method, f"{self._prefix}{path}", **request)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        self.problems.append(f"{answer.headers} {answer.text}")

    async def send_wrong_ones(self) -> None:
        """Send secrets where they are wrong, misplaced or malformed."""
        code, token = self.wrong_code, self.wrong_token
        bearer = {"Authorization": f"Bearer {token}"}
        json = {"Content-Type": "application/json"}
        await self.send("POST", "auth/sign-in", 401, json={"access_code": code})
        await self.send("POST", "auth/sign-in", 422, json={"access_code": code * 4})
        await self.send("POST", "auth/sign-in", 422, json={"acess_code": code})
        await self.send("POST", "auth/sign-in", 422, content=f'{{"access_code": "{code}', headers=json)
        await self.send("POST", "auth/sign-in", 415, content=code, headers={"Content-Encoding": "gzip"})
        await self.send("GET", f"auth/me?token={token}", 401)
        await self.send("GET", "auth/me", 401, headers=bearer)
        await self.send("GET", "auth/me", 401, headers={"Authorization": f"Basic {token}"})
        await self.send("GET", "admin/orders", 401, headers=bearer)
        await self.send("POST", "admin/plans", 401, headers=bearer, content=b"x" * 10_000)
        await self.send("POST", f"admin/nothing/{token}", 404, headers=bearer)
        await self.send("GET", "orders?cursor=" + token, 401, headers=bearer)
        await self.send("POST", "checkout", 422, json={"email": token, "plan": token, "pay_currency": code})
        await self.send(
            "POST", "webhooks/nowpayments", 401, content=token, headers={"x-nowpayments-sig": token}
        )

    async def store(self, admin: httpx.AsyncClient) -> None:
        """Send secrets where they belong, also in a form that is refused."""
        pair, session = "telegram-applications", "sessions"
        answers = [
            await admin.post(pair, json={"api_id": 1, "api_hash": self.api_hash}),
            await admin.post(pair, json={"api_id": 0, "api_hash": self.api_hash}),
            await admin.post(session, json={"session": self.session}),
            await admin.post(session, json={"session": self.foreign_session}),
            await admin.post(session, json={"session": 1, "sesion": self.session}),
        ]
        assert [answer.status_code for answer in answers] == [201, 422, 201, 422, 422]
        self.problems += [f"{answer.headers} {answer.text}" for answer in answers]
