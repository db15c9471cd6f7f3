import { describe, expect, it } from "vitest";
import en from "../../texts/en.json";
import { reasonOf } from "./why";

describe("reasonOf", () => {
  it.each([
    ["SENT", "", "+49…17", null],
    ["TARGET_DENIED", "USER_BANNED_IN_CHANNEL", "+49…17", "banned"],
    ["TARGET_DENIED", "USER_BANNED_IN_CHANNEL", null, "nobody_may"],
    ["TARGET_GONE", "USERNAME_NOT_OCCUPIED", "+49…17", "no_such_name"],
    ["LEFT_OUT", "METHOD_RESTS resolve", "+49…17", "look_up_later"],
    ["LEFT_OUT", "SOMETHING_NEW", "+49…17", "LEFT_OUT"],
    ["RATE_LIMITED", "FLOOD_WAIT_17", "+49…17", "RATE_LIMITED"],
  ] as const)("%s %s by %s is %s", (result, error, session, reason) => {
    expect(reasonOf({ result, error, session })).toBe(reason);
  });
});

describe("texts", () => {
  it("say for each reason what a client can do", () => {
    expect(Object.keys(en.whatToDo).sort()).toEqual(Object.keys(en.why).sort());
  });

  it("know every result but one that needs no reason", () => {
    expect(Object.keys(en.result).filter((one) => one !== "SENT" && !(one in en.why))).toEqual([]);
  });
});
