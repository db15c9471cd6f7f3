import type { AdbotState } from "../../api/schema";

/** Returns an adbot that runs and of which all is well, for tests. */
export function anAdbot(change: Partial<AdbotState> = {}): AdbotState {
  return {
    id: "a1",
    order_number: "HQADZ-ABCDEF-ABCD",
    status: "RUNNING",
    stop_reason: null,
    stop_detail: null,
    plan: {
      code: "demo",
      name: "Demo",
      kind: "starter",
      sessions: 3,
      interval_seconds: 3600,
      max_groups: null,
      max_posts: null,
    },
    seats: { filled: 3, awaited: 0, unreachable: 0 },
    valid_from: "2026-11-01T00:00:00Z",
    valid_until: "2026-12-31T00:00:00Z",
    advertisement: null,
    blocked_groups: [],
    pacing: {},
    paused: false,
    cycles: {
      last_number: null,
      last_due_at: null,
      beyond_limit: null,
      skipped_at: null,
      skip_reason: null,
      next_due_at: null,
      running: null,
    },
    warning: null,
    next_cycle_at: null,
    ...change,
  };
}
