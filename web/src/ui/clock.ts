/** One timer for all that shows the time, so that a page's times agree and change together. */

type Clock = {
  now: () => number;
  /** Makes the time current for something that is about to be shown. */
  refresh: () => void;
  subscribe: (listener: () => void) => () => void;
};

const FRESH_MS = 500;
const clocks = new Map<number, Clock>();

/** Returns the clock that ticks every so many milliseconds while somebody looks at it. */
export function clockOf(everyMs: number): Clock {
  const known = clocks.get(everyMs);
  if (known !== undefined) return known;
  const made = makeClock(everyMs);
  clocks.set(everyMs, made);
  return made;
}

function makeClock(everyMs: number): Clock {
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    now: () => now,
    refresh: () => {
      if (Date.now() - now < FRESH_MS) return;
      now = Date.now();
      queueMicrotask(tell); // not while others are being rendered
    },
    subscribe: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = Date.now();
        tell();
      }, everyMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
