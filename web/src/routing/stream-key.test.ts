import { expect, test } from "vitest";
import { streamKey } from "./stream-key";

test("an address names a blocked stream only as a whole", () => {
  const key = { service: "billing", reader: "reactions", source: "gateway", stream: "account-1" };
  expect(streamKey({ ...key, more: 1 })).toEqual(key);
  expect(streamKey({ ...key, service: "elsewhere" })).toBeNull();
  expect(streamKey({ ...key, stream: 7 })).toBeNull();
  expect(streamKey("account-1")).toBeNull();
});
