import { describe, expect, it } from "vitest";
import { contentOf, isFinal, WriteKeys } from "./write-keys";

const write = (body: string) => new Request("http://gateway.test/extend", { method: "POST", body });

describe("WriteKeys", () => {
  it("gives a write the same key until it is answered, so that it is carried out once", () => {
    const keys = new WriteKeys();
    const key = keys.keyOf("extend by 30");
    expect(keys.keyOf("extend by 30")).toBe(key);
    expect(keys.keyOf("extend by 7")).not.toBe(key);
    keys.answered(key);
    expect(keys.keyOf("extend by 30")).not.toBe(key);
  });

  it("takes a start that follows a stop for no repetition, though the answer to the first was lost", () => {
    const keys = new WriteKeys();
    const start = keys.keyOf("start");
    const running = keys.keyOf("still without an answer");
    keys.lost(start);
    keys.answered(keys.keyOf("stop"));
    expect(keys.keyOf("start")).not.toBe(start);
    expect(keys.keyOf("still without an answer")).toBe(running);
  });

  it("remembers no more than so many", () => {
    const keys = new WriteKeys();
    const key = keys.keyOf("first");
    for (let one = 0; one < 50; one++) keys.keyOf(String(one));
    expect(keys.keyOf("first")).not.toBe(key);
  });
});

describe("contentOf", () => {
  it("is the same for the same write, and says nothing of it", async () => {
    const content = await contentOf(write("secret"));
    expect(content).toBe(await contentOf(write("secret")));
    expect(content).not.toBe(await contentOf(write("another")));
    expect(content).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("isFinal", () => {
  it.each([
    [200, null, true],
    [422, "no_groups", true],
    [409, "request_in_progress", false],
    [503, "service_unavailable", false],
  ])("%d %s: %s", (status, code, final) => {
    expect(isFinal(status, code)).toBe(final);
  });
});
