import { describe, expect, it } from "vitest";
import type { TreeEvent } from "../../api/schema";
import { treeRows } from "./tree-rows";

const event = (id: string, depth: number): TreeEvent => ({
  id,
  depth,
  service: "billing",
  stream: "order-1",
  version: 1,
  type: "OrderPlaced",
  actor: "service:billing",
  at: "2026-05-01T12:00:00Z",
  correlation_id: "tree",
  causation_id: "cause",
  seconds: 0,
  seconds_since_cause: null,
});

const NODES = [
  event("root", 0),
  ...Array.from({ length: 20 }, (_, index) => [event(`child ${index}`, 1), event(`grandchild ${index}`, 2)]),
].flat();

describe("treeRows", () => {
  it("keeps the order of the walk", () => {
    const rows = treeRows([event("a", 0), event("b", 1), event("c", 0)], new Set());
    expect(rows.map((row) => row.key)).toEqual(["a", "b", "c"]);
  });

  it("folds the middle of many siblings with what followed from them", () => {
    const rows = treeRows(NODES, new Set());
    const folds = rows.filter((row) => row.kind === "fold");
    expect(folds).toEqual([{ kind: "fold", key: "of root", depth: 1, siblings: 10 }]);
    expect(rows).toHaveLength(1 + 5 * 2 + 1 + 5 * 2);
  });

  it("shows all once the fold is opened, or holds what is looked for", () => {
    expect(treeRows(NODES, new Set(["of root"]))).toHaveLength(NODES.length);
    expect(treeRows(NODES, new Set(), "grandchild 9")).toHaveLength(NODES.length);
    expect(treeRows(NODES, new Set(), "grandchild 1")).toHaveLength(22);
  });
});
