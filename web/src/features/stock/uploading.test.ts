import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/problem";
import { Lanes, mayTryAgain, waitOf } from "./uploading";

describe("Lanes", () => {
  afterEach(() => void vi.useRealTimers());

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
    vi.useFakeTimers();
    const lanes = new Lanes(1);
    const job = vi.fn(async () => undefined);
    lanes.pause(7);
    lanes.add(job);
    await vi.advanceTimersByTimeAsync(6999);
    expect(job).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(job).toHaveBeenCalledOnce();
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
