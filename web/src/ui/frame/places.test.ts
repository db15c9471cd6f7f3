import { describe, expect, it } from "vitest";
import { letterOf, placeAt, placesOf } from "./places";

describe("placeAt", () => {
  it.each([
    ["/adbots", "/adbots", ""],
    ["/adbots/7", "/adbots", "7"],
    ["/operator", "/operator", ""],
    ["/operator/orders/HQADZ-1-2", "/operator/orders", "HQADZ-1-2"],
  ])("%s is in %s", (path, to, rest) => {
    expect(placeAt(path)).toMatchObject({ place: { to }, rest });
  });

  it("knows no other pages", () => {
    expect(placeAt("/adbotsy")).toBeNull();
  });
});

describe("placesOf", () => {
  it("has those of operators for admins only", () => {
    expect(placesOf(false).some(({ to }) => to.startsWith("/operator"))).toBe(false);
    expect(placesOf(true).some(({ to }) => to === "/operator/stock")).toBe(true);
  });

  it("gives no letter twice", () => {
    const letters = placesOf(true).flatMap((place) => letterOf(place) ?? []);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
