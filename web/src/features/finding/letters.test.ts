import { describe, expect, it } from "vitest";
import { meaningOf } from "./letters";

const PLACES = new Map([["a", "/adbots"]]);
const key = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

describe("meaningOf", () => {
  it("takes g and then a letter as a place", () => {
    expect(meaningOf(key("g"), false, PLACES)).toEqual({ act: "begin" });
    expect(meaningOf(key("a"), true, PLACES)).toEqual({ act: "go", to: "/adbots" });
    expect(meaningOf(key("a"), false, PLACES)).toBeNull();
    expect(meaningOf(key("z"), true, PLACES)).toBeNull();
  });

  it("knows the search and the list of keys", () => {
    expect(meaningOf(key("/"), false, PLACES)).toEqual({ act: "search" });
    expect(meaningOf(key("?"), true, PLACES)).toEqual({ act: "list" });
  });

  it("leaves what the browser does with a modifier alone", () => {
    expect(meaningOf(key("/", { ctrlKey: true }), false, PLACES)).toBeNull();
    expect(meaningOf(key("a", { metaKey: true }), true, PLACES)).toBeNull();
  });
});
