import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/problem";
import { Lanes, mayTryAgain, waitOf } from "./uploading";

describe("Lanes", () => {
  it("runs all jobs, and never more than so many at once", async () => {
    const lanes = new Lanes(3);
    let running = 0;
    let most = 0;
    let done = 0;
    await new Promise<void>((finish) => {
      for (let job = 0; job < 20; job++) {
        lanes.add(async () => {
          most = Math.max(most, ++running);
          await Promise.resolve();
          running--;
          if (++done === 20) finish();
        });
      }
    });
    expect([most, done]).toEqual([3, 20]);
  });

  it("begins nothing while a pause lasts", async () => {
    const slept: number[] = [];
    const lanes = new Lanes(1, (ms) => {
      slept.push(ms);
      return new Promise((done) => setTimeout(done, ms));
    });
    lanes.pause(0.05);
    const before = Date.now();
    await new Promise<void>((finish) => lanes.add(async () => finish()));
    expect(Date.now() - before).toBeGreaterThanOrEqual(45);
    expect(slept.length).toBeGreaterThan(0);
  });
});

describe("waitOf", () => {
  it("waits as long as the gateway asks, and not at all after a refusal", () => {
    expect(waitOf(new ApiError(429, {}, 7))).toBe(7);
    expect(waitOf(new ApiError(422, {}, null))).toBeNull();
    expect(waitOf(new Error("offline"))).toBeNull();
  });
});

describe("mayTryAgain", () => {
  it("offers it for trouble, not for a file that is none", () => {
    expect(mayTryAgain(new ApiError(503, {}, 1))).toBe(true);
    expect(mayTryAgain(new ApiError(0, {}, null))).toBe(true);
    expect(mayTryAgain(new ApiError(422, { code: "unreadable_session" }, null))).toBe(false);
  });
});
