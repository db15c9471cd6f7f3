import type { Advertisement } from "../../api/schema";

/** Returns the groups of a pasted text: one in a line, empty lines left out. */
export function groupLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Returns a post as a client would type it. */
export function postText(post: Advertisement["post"]): string {
  return post.kind === "text" ? post.text : `https://t.me/${post.channel.replace(/^@/, "")}/${post.message}`;
}
