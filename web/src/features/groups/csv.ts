/** Groups as a file for a spreadsheet. */

import type { GroupFigures } from "../../api/schema";
import { csvOf } from "../../csv";

const HEAD = [
  "group",
  "state",
  "sent",
  "failed",
  "left_out",
  "last_sent_at",
  "last_result",
  "last_error",
  "last_result_at",
];

/** Returns groups with their figures as CSV; times are in UTC. */
export function csvOfGroups(groups: readonly GroupFigures[]): string {
  const rows = groups.map((group) => [
    group.group,
    group.state,
    group.successes,
    group.posts - group.successes,
    group.left_out,
    group.last_delivered,
    group.last_result,
    group.last_error,
    group.last_at,
  ]);
  return csvOf(HEAD, rows);
}

/** Returns the groups of a list as a file that can be imported again, one in a line. */
export function fileOfGroups(groups: readonly string[]): string {
  return csvOf(
    ["group"],
    groups.map((group) => [group]),
  );
}
