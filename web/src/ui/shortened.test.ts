import { expect, test } from "vitest";
import { shortened, withShortIds } from "./shortened";

test("a long id keeps its begin and its end", () => {
  expect(shortened("0199d2f4-5b1c-7aa0-8f00-1234567890ab")).toBe("0199d2f4…890ab");
});

test("a short id is shown whole", () => {
  expect(shortened("HQADZ-12345-ABCDE")).toBe("HQADZ-12345-ABCDE");
});

test("an id in a name is shortened as it is alone, and an order number is not", () => {
  const cycle = "01a2292f-a4ec-7633-8171-dc77d106b27b";
  expect(withShortIds(`cycle-${cycle}`)).toBe(`cycle-${shortened(cycle)}`);
  expect(withShortIds("order-HQADZ-MX2CH60V-1PMBOKN6PRMX")).toBe("order-HQADZ-MX2CH60V-1PMBOKN6PRMX");
});
