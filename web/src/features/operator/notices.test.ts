import { describe, expect, it } from "vitest";
import type { NoticeView } from "../../api/schema";
import { byUrgency } from "./notices";

describe("byUrgency", () => {
  it("puts what is urgent first, and keeps the order otherwise", () => {
    const notice = (id: string, kind: NoticeView["kind"]) => ({ id, kind }) as NoticeView;
    const sorted = byUrgency([
      notice("1", "low_stock"),
      notice("2", "service_silent"),
      notice("3", "mail_given_up"),
      notice("4", "dead_letters"),
    ]);
    expect(sorted.map(({ id }) => id)).toEqual(["2", "4", "1", "3"]);
  });
});
