/** Reads a file of groups as the API's import does: the first column of a text or CSV file, in UTF-8. */

export const FILE_KINDS = ".txt,.csv,text/plain,text/csv";
export const MOST_BYTES = 512 * 1024;
const HEADERS = new Set(
  "channel,chat,chat id,chats,group,group name,groups,handle,id,link,links,name,target,targets,url,username".split(
    ",",
  ),
);

export type FileTrouble = "too_large" | "utf_16" | "not_utf_8" | "empty" | "unreadable";
type FileLines = { lines: string[] } | { trouble: FileTrouble };

/** Reads the groups of a file that was chosen; a large one is not read at all. */
export async function readGroups(file: File): Promise<FileLines> {
  if (file.size > MOST_BYTES) return { trouble: "too_large" };
  const content = await file.arrayBuffer().catch(() => null);
  return content === null ? { trouble: "unreadable" } : linesOfFile(new Uint8Array(content));
}

/** Returns the groups of a file, one for each line that has one, or why it can't be read. */
export function linesOfFile(content: Uint8Array): FileLines {
  if (content.length > MOST_BYTES) return { trouble: "too_large" };
  if ((content[0] === 0xff && content[1] === 0xfe) || (content[0] === 0xfe && content[1] === 0xff)) {
    return { trouble: "utf_16" };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return { trouble: "not_utf_8" };
  }
  const cells = text
    .split(/\r\n|\n|\r/)
    .map(firstCell)
    .filter((cell) => cell !== "");
  const lines = HEADERS.has((cells[0] ?? "").toLowerCase()) ? cells.slice(1) : cells;
  return lines.length === 0 ? { trouble: "empty" } : { lines };
}

/** Returns the first column of a line; columns are separated by commas, semicolons or tabs. */
function firstCell(line: string): string {
  const quoted = /^\s*"((?:[^"]|"")*)"/.exec(line);
  const cell = quoted?.[1]?.replaceAll('""', '"') ?? line.split(",", 1)[0] ?? "";
  return (cell.split(/[;\t]/, 1)[0] ?? "")
    .trim()
    .replace(/^"+|"+$/g, "")
    .trim();
}
