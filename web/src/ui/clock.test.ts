import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { clockOf } from "./clock";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

it("tells all who look at the same time, and stops once nobody does", async () => {
  const clock = clockOf(10_001);
  const [one, other] = [vi.fn(), vi.fn()];
  const leave = [clock.subscribe(one), clock.subscribe(other)];
  vi.advanceTimersByTime(10_001);
  expect([one, other].map((told) => told.mock.calls.length)).toEqual([1, 1]);
  expect(clock.now()).toBe(1_010_001);

  for (const go of leave) go();
  expect(vi.getTimerCount()).toBe(0);
});

it("is current for what is shown between two ticks, and tells the others", async () => {
  const clock = clockOf(10_002);
  const before = vi.fn();
  const leave = clock.subscribe(before);
  vi.advanceTimersByTime(4000);
  clock.refresh();
  await Promise.resolve();
  expect(clock.now()).toBe(1_004_000);
  expect(before).toHaveBeenCalledOnce();
  leave();
});
