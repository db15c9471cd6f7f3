import { expect, it, vi } from "vitest";
import { queries } from "./queries";

class AbsoluteRequest extends Request {
  constructor(path: string, options: RequestInit) {
    super(new URL(path, "http://gateway.test"), options);
  }
}

it("knows that an operator's write, refused or not, is in the log of what operators do", async () => {
  vi.stubGlobal("Request", AbsoluteRequest);
  vi.stubGlobal("document", { cookie: "" });
  vi.stubGlobal("fetch", async () => Response.json({ code: "unknown_order" }, { status: 404 }));
  const { api, body } = await import("./client");
  const isStale = () => queries.getQueryState(["operator", "activity", {}])?.isInvalidated;
  queries.setQueryData(["operator", "activity", {}], { pages: [] });

  await expect(body(api.GET("/api/v1/admin/notices"))).rejects.toThrow();
  expect(isStale()).toBe(false);
  const params = { path: { order_number: "HQADZ-0-0" } };
  const refund = api.POST("/api/v1/admin/orders/{order_number}/refund", { params, body: { reason: "x" } });
  await expect(body(refund)).rejects.toThrow();
  expect(isStale()).toBe(true);
});

/** Returns a network that loses answers until it is online, and the idempotency keys of what was sent. */
function offline() {
  const network = { online: false, keys: [] as (string | null)[] };
  vi.stubGlobal("Request", AbsoluteRequest);
  vi.stubGlobal("document", { cookie: "" });
  vi.stubGlobal("fetch", async (request: Request) => {
    network.keys.push(request.headers.get("Idempotency-Key"));
    if (!network.online) throw new TypeError("offline");
    return Response.json({});
  });
  return network;
}

it("sends a write that is repeated after a lost answer under the same key", async () => {
  const network = offline();
  const { api, body } = await import("./client");
  const params = { path: { adbot_id: "a1" } };
  const extend = () =>
    body(api.POST("/api/v1/admin/adbots/{adbot_id}/extend", { params, body: { days: 30, reason: "x" } }));

  await expect(extend()).rejects.toThrow();
  network.online = true;
  await extend();
  await extend();
  const [lost, repeated, another] = network.keys;
  expect(repeated).toBe(lost);
  expect(another).not.toBe(lost);
});

it("starts an adbot once more after a stop, though the answer to the first start was lost", async () => {
  const network = offline();
  const { api, body } = await import("./client");
  const params = { path: { adbot_id: "a1" } };
  const start = () => body(api.POST("/api/v1/adbots/{adbot_id}/start", { params }));

  await expect(start()).rejects.toThrow();
  network.online = true;
  await body(api.POST("/api/v1/adbots/{adbot_id}/stop", { params }));
  await start();
  const [lost, , again] = network.keys;
  expect(again).not.toBe(lost);
});

it("says why no token could be had", async () => {
  vi.stubGlobal("Request", AbsoluteRequest);
  vi.stubGlobal("document", { cookie: "adrelay_csrf=x" });
  vi.stubGlobal("fetch", async () =>
    Response.json({ code: "rate_limited", detail: "Too many." }, { status: 429 }),
  );
  const { api, body } = await import("./client");
  await expect(body(api.GET("/api/v1/adbots"))).rejects.toMatchObject({ status: 429, code: "rate_limited" });
});
