import { expect, it } from "vitest";
import { csvOfLog } from "./csv";

it("keeps the time in UTC, and no cell is a formula", () => {
  const csv = csvOfLog([
    {
      at: "2026-11-29T12:00:00.123Z",
      cycle: "c1",
      session: "+49…17",
      group: "@group/7",
      result: "TARGET_DENIED",
      error: 'ODD_"NAME"',
      about: "this account in the group",
      messages: [5, 6],
    },
  ]);
  expect(csv.split("\r\n")).toEqual([
    '"at","group","result","error","about","account","cycle","messages"',
    `"2026-11-29T12:00:00.123Z","@group/7","TARGET_DENIED","ODD_""NAME""","this account in the group","'+49…17","c1","5 6"`,
    "",
  ]);
});
