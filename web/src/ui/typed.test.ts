import { describe, expect, it } from "vitest";
import { afterArrival, withSent } from "./typed";

describe("what a field has sent", () => {
  it("comes back while more is typed, also several texts at once", () => {
    const sent = withSent(withSent([], "", "ba"), "", "bak");
    expect(afterArrival(sent, "ba")).toEqual(["bak"]);
    expect(afterArrival(sent, "bak")).toEqual([]);
  });

  it("is told from what was set elsewhere", () => {
    expect(afterArrival(withSent([], "", "ba"), "")).toBeNull();
  });

  it("is nothing where the value is the same already", () => {
    expect(afterArrival(withSent([], "", ""), "")).toBeNull();
  });
});
