import { QueryObserver } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { anAdbot } from "../features/adbots/testing";
import { adbotQuery, keepAdbot, whileSending } from "./adbots";
import { addPlan } from "./plans";
import { pollOfFirstPage, queries } from "./queries";
import type { AdbotState, PlanBody } from "./schema";

vi.mock("./client", () => ({ api: { POST: () => Promise.resolve({}) }, body: (answer: unknown) => answer }));

const isStale = (...queryKey: unknown[]) => queries.getQueryState(queryKey)?.isInvalidated;

beforeEach(() => queries.clear());

describe("keepAdbot", () => {
  it("shows the operator's page what was written, so that the next write does not undo it", async () => {
    const before = anAdbot({ pacing: { delay_seconds: 1 } });
    const after = anAdbot({ pacing: { delay_seconds: 9 } });
    const { queryKey } = adbotQuery(before.id, "any");
    queries.setQueryData(queryKey, before);
    queries.setQueryData(["operator", "adbots", {}], { pages: [] });
    await keepAdbot(after, "any");
    expect(queries.getQueryData(queryKey)).toEqual(after);
    expect(isStale(...queryKey)).toBe(false);
    expect(isStale("operator", "adbots", {})).toBe(true);
  });

  it("is not undone by what was being read when the write was sent", async () => {
    const before = anAdbot({ status: "STOPPED" });
    const { queryKey } = adbotQuery(before.id, "own");
    let answer: (adbot: AdbotState) => void = () => undefined;
    const reading = queries.fetchQuery({
      queryKey,
      queryFn: () => new Promise<AdbotState>((done) => (answer = done)),
    });
    const read = reading.catch(() => undefined);
    await keepAdbot(anAdbot({ status: "RUNNING" }), "own");
    answer(before);
    await read;
    expect(queries.getQueryData<AdbotState>(queryKey)?.status).toBe("RUNNING");
  });
});

describe("whileSending", () => {
  it("reads again while a cycle is being sent, of which no event says how far it is", () => {
    const { queryKey } = adbotQuery("a1", "own");
    const page = new QueryObserver(queries, { queryKey, queryFn: () => anAdbot(), staleTime: Infinity });
    queries.setQueryData(queryKey, anAdbot());
    const leave = page.subscribe(() => undefined);
    expect(whileSending("a1", "own")).toBe(false);
    const due = { due_at: "2026-11-29T12:00:00Z", started_at: null };
    const running = { ...due, number: 1, groups: 9, sent: 1, failed: 0, left_out: 0 };
    queries.setQueryData(queryKey, anAdbot({ cycles: { ...anAdbot().cycles, running } }));
    expect(whileSending("a1", "own")).toBeGreaterThan(0);
    leave();
    expect(whileSending("a1", "own")).toBe(false);
  });
});

describe("addPlan", () => {
  it("makes the plans that visitors see stale", async () => {
    queries.setQueryData(["plans"], { items: [] });
    await addPlan({} as PlanBody);
    expect(isStale("plans")).toBe(true);
  });
});

describe("pollOfFirstPage", () => {
  it("reads a list again until a further page is shown", () => {
    const often = (pages: number) => pollOfFirstPage(5000)({ state: { data: { pages: Array(pages) } } });
    expect([often(1), often(2)]).toEqual([5000, false]);
  });
});
