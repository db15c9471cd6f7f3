import { describe, expect, it } from "vitest";
import { accountOf, actorOf, thingOf } from "./things";

describe("thingOf", () => {
  it.each([
    ["/api/v1/admin/adbots/5eef/seats/77/replace", { kind: "adbot", id: "5eef" }],
    ["/api/v1/admin/accounts/a%40b.example/suspend", { kind: "account", id: "a@b.example" }],
    ["/api/v1/admin/orders/HQADZ-1/refund", { kind: "order", id: "HQADZ-1" }],
    ["/api/v1/admin/sessions/77/retire", { kind: "session", id: "77" }],
    ["/api/v1/admin/accounts/access-code", null],
    ["/api/v1/admin/operations/pause", null],
  ])("%s", (path, thing) => {
    expect(thingOf(path)).toEqual(thing);
  });
});

describe("accountOf", () => {
  it("knows admins from the operator's token", () => {
    expect(accountOf("admin:77")).toBe("77");
    expect(accountOf("admin")).toBeNull();
  });
});

describe("actorOf", () => {
  it("is the admin whose account's id is pasted", () => {
    const id = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c";
    expect(actorOf(id.toUpperCase())).toBe(`admin:${id}`);
    expect(actorOf(`admin:${id}`)).toBe(`admin:${id}`);
    expect(actorOf("admin")).toBe("admin");
  });
});
