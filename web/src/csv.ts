/** Files for spreadsheets. */

type Value = string | number | null | undefined;

/** What a spreadsheet may take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
/** The name of a group as the API writes it: too little for a formula, and read again by imports. */
const GROUP = /^(@\w+|\+[\w-]+|-\d+)(\/\d+)?$/;

/** Returns lines of values as CSV, RFC 4180, the head first; no cell is a formula. */
export function csvOf(head: readonly string[], lines: readonly (readonly Value[])[]): string {
  return [head, ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/** Returns a text as a file of CSV. */
export const csvFile = (text: string): Blob => new Blob([text], { type: "text/csv;charset=utf-8" });

/** Returns a value in quotes, so that nothing within ends the cell. */
export const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function cell(value: Value): string {
  const text = String(value ?? "");
  return quoted(FORMULA.test(text) && !GROUP.test(text) ? `'${text}` : text);
}
