import { describe, expect, it } from "vitest";
import type { GroupFigures } from "../../api/schema";
import { lastRefusal, waitsUntil } from "./last-result";

const AT = "2026-11-29T12:00:00Z";
const FAILED: GroupFigures = {
  group: "@bakers",
  topic: null,
  advertised: true,
  state: "refused",
  posts: 1,
  successes: 0,
  failures: { TARGET_DENIED: 1 },
  left_out: 0,
  not_sent: 0,
  last_at: AT,
  last_result: "TARGET_DENIED",
  last_error: "CHAT_WRITE_FORBIDDEN",
  last_delivered: null,
  last_failure: {
    at: AT,
    result: "TARGET_DENIED",
    error: "CHAT_WRITE_FORBIDDEN",
    party: "SEAT_AT_TARGET",
    about: "this account in the group",
    group: "@bakers",
    session: "+1",
  },
  denials: [],
  join_requests: [],
};

const NOW = Date.parse(AT);
const denial = (session: string | null, until: string) => ({ session, until });
const denied = (...denials: ReturnType<typeof denial>[]) => ({ ...FAILED, denials }) as GroupFigures;

describe("lastRefusal", () => {
  it("says with which account it happened", () => {
    const one = denied(denial("+1", "2026-12-06"));
    expect(lastRefusal(one, 2, NOW)).toEqual({
      result: "TARGET_DENIED",
      error: "CHAT_WRITE_FORBIDDEN",
      session: "+1",
    });
  });

  it("is about all accounts once each was refused", () => {
    expect(lastRefusal(denied(denial("+1", "2026-12-06")), 1, NOW)?.session).toBeNull();
  });

  it("is nothing for a group that received the last post, whatever failed before", () => {
    expect(lastRefusal({ ...FAILED, state: "delivered", last_result: "SENT" }, 1, NOW)).toBeNull();
    expect(lastRefusal({ ...FAILED, state: "waiting", last_result: null }, 1, NOW)).toBeNull();
  });

  it("blames no account where an earlier failure is kept", () => {
    const left = { ...FAILED, state: "left_out", last_result: "LEFT_OUT", last_at: "2026-11-29T13:00:00Z" };
    expect(lastRefusal(left as GroupFigures, 1, NOW)?.session).toBe("");
  });
});

describe("waitsUntil", () => {
  it("is the end of a denial of all accounts", () => {
    expect(waitsUntil(denied(denial(null, "2026-12-06")), 3, NOW)).toBe("2026-12-06");
  });

  it("is the earliest end, once every account was refused", () => {
    const both = denied(denial("+1", "2026-12-06"), denial("+2", "2026-12-01"));
    expect(waitsUntil(both, 2, NOW)).toBe("2026-12-01");
  });

  it("forgets a denial that is over", () => {
    const over = denial("+1", "2026-11-28T12:00:00Z");
    expect(waitsUntil(denied(over), 1, NOW)).toBeNull();
    expect(waitsUntil(denied(over, denial(null, "2026-11-28")), 1, NOW)).toBeNull();
  });

  it("is nothing while another account may ask", () => {
    expect(waitsUntil(denied(denial("+1", "2026-12-06")), 2, NOW)).toBeNull();
    expect(waitsUntil(denied(), 0, NOW)).toBeNull();
  });
});
