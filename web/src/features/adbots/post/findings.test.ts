import { expect, it } from "vitest";
import { findingOf } from "./findings";

const seat = { session: "+49…17", answered: true, readable: true, forwardable: true, error: "" };

it("tells apart what can be done about a post that an account can't use", () => {
  expect(findingOf(seat, false)).toBe("usable");
  expect(findingOf({ ...seat, forwardable: false }, false)).toBe("protected");
  const unreadable = { ...seat, readable: false, forwardable: false };
  expect(findingOf({ ...unreadable, error: "MESSAGE_ID_INVALID" }, false)).toBe("gone");
  expect(findingOf({ ...unreadable, error: "CHANNEL_PRIVATE" }, false)).toBe("outside");
  expect(findingOf({ ...unreadable, error: "SOMETHING_NEW" }, false)).toBe("unreadable");
});

it("waits for an account while the check runs, and not afterwards", () => {
  const silent = { ...seat, answered: false, readable: false, forwardable: false };
  expect(findingOf(silent, true)).toBe("waiting");
  expect(findingOf(silent, false)).toBe("silent");
});
