import { expect, it } from "vitest";
import { sessionName } from "./session-name";

it("tells sessions apart whose masked phone numbers are the same", () => {
  const names = ["0199d2f4-5b1c-7aa0-8f00-1234567890ab", "0199d2f4-5b1c-7aa0-8f00-1234567890ac"].map(
    (session) => sessionName({ phone: "+49…17", session }),
  );
  expect(new Set(names).size).toBe(2);
});
