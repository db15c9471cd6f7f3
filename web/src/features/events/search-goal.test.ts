import { describe, expect, it } from "vitest";
import type { EventSearch } from "../../api/schema";
import { goalOf } from "./search-goal";

const TREE = { correlation_id: "tree", began_at: "2026-05-01T12:00:00Z" };
const STREAM = { stream: "order-1", service: "billing", versions: 3 };
const nothing: EventSearch = {
  text: "1",
  kind: "order number",
  streams: [],
  event: null,
  trees: [],
  unanswered: [],
};

describe("goalOf", () => {
  it("is the only tree of an id", () => {
    expect(goalOf({ ...nothing, streams: [STREAM], trees: [TREE] })).toEqual({ tree: "tree" });
    expect(goalOf({ ...nothing, trees: [TREE] })).toEqual({ tree: "tree" });
  });

  it("is the stream, if that is in many trees or was named", () => {
    const trees = [TREE, { ...TREE, correlation_id: "other" }];
    expect(goalOf({ ...nothing, streams: [STREAM], trees })).toEqual({ stream: "order-1" });
    expect(goalOf({ ...nothing, text: "order-1", streams: [STREAM], trees: [TREE] })).toEqual({
      stream: "order-1",
    });
  });

  it("is nothing, if there is a choice or nothing at all", () => {
    expect(
      goalOf({ ...nothing, streams: [STREAM, { ...STREAM, stream: "adbot-1" }], trees: [TREE] }),
    ).toBeNull();
    expect(goalOf(nothing)).toBeNull();
  });
});
