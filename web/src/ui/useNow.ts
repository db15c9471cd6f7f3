import { useState, useSyncExternalStore } from "react";
import { clockOf } from "./clock";

/** Returns the time in milliseconds, renewed every so many. */
export function useNow(everyMs = 1000): number {
  const clock = clockOf(everyMs);
  useState(clock.refresh); // once, as it is first shown
  return useSyncExternalStore(clock.subscribe, clock.now);
}
