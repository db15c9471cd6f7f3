import { expect, it, vi } from "vitest";
import { logQuery } from "../api/adbot-log";
import { queries } from "../api/queries";
import { listen } from "./listening";

vi.mock("../api/session", () => ({ accessToken: async () => "token" }));

it("reads all that is shown anew after each connection, also the log, which changes do not name", async () => {
  const { queryKey } = logQuery("7", "own", {});
  queries.setQueryData(queryKey, { pages: [], pageParams: [] });
  vi.stubGlobal("addEventListener", () => undefined);
  const stop = new AbortController();
  vi.stubGlobal("fetch", async () => new Response("", { headers: { "Content-Type": "text/event-stream" } }));
  await listen({
    admin: false,
    signal: stop.signal,
    onState: (state) => state === "open" && queueMicrotask(() => stop.abort()),
  });
  expect(queries.getQueryState(queryKey)?.isInvalidated).toBe(true);
});
