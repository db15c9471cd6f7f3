import { expect, it } from "vitest";
import { lookUpState } from "./finding";
import { ApiError } from "./problem";

const ANSWERED = { isLoading: false, error: null };

it("says that nothing matches only once all parts have answered", () => {
  expect(lookUpState([ANSWERED, { ...ANSWERED, error: new ApiError(404, {}, null) }])).toBe("done");
  expect(lookUpState([ANSWERED, { ...ANSWERED, isLoading: true }])).toBe("looking");
  expect(lookUpState([ANSWERED, { ...ANSWERED, error: new ApiError(503, {}, null) }])).toBe("incomplete");
});
