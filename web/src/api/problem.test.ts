import { describe, expect, it } from "vitest";
import { ApiError, isAtFields, isMissing } from "./problem";

const refusal = (...fields: string[]) =>
  new ApiError(422, { errors: fields.map((field) => ({ field, message: "is malformed" })) }, null);

describe("isMissing", () => {
  it("knows that nothing has an id that is malformed", () => {
    expect(isMissing(new ApiError(404, {}, null))).toBe(true);
    expect(isMissing(refusal("path.order_number"))).toBe(true);
  });

  it("takes no other refusal for that", () => {
    expect(isMissing(refusal("path.adbot_id", "body.days"))).toBe(false);
    expect(isMissing(refusal())).toBe(false);
    expect(isMissing(new ApiError(403, {}, null))).toBe(false);
  });
});

describe("isAtFields", () => {
  it("knows a refusal that no field of the form shows", () => {
    const form = { email: "" };
    expect(isAtFields(refusal("body.email"), form)).toBe(true);
    expect(isAtFields(refusal("body.email", "body.plan"), form)).toBe(false);
    expect(isAtFields(new ApiError(503, {}, null), form)).toBe(false);
  });
});
