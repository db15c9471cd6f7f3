import { expect, test } from "vitest";
import { byteSize } from "./size";

test("a size is said in the unit that makes it readable", () => {
  expect([0, 999, 1000, 1_250_000, 123_400_000, 7_000_000_000].map(byteSize)).toEqual([
    "0 B",
    "999 B",
    "1 kB",
    "1.3 MB",
    "123 MB",
    "7 GB",
  ]);
});
