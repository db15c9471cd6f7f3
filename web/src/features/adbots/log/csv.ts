/** Lines of the log as a file for a spreadsheet. */

import type { LogLine } from "../../../api/schema";
import { csvOf } from "../../../csv";

const HEAD = ["at", "group", "result", "error", "about", "account", "cycle", "messages"];

/** Returns the lines as CSV; times are in UTC, ids are exact. */
export function csvOfLog(lines: readonly LogLine[]): string {
  const rows = lines.map((line) => [
    line.at,
    line.group,
    line.result,
    line.error,
    line.about,
    line.session,
    line.cycle,
    line.messages.join(" "),
  ]);
  return csvOf(HEAD, rows);
}
