import type { Advertisement } from "../../api/schema";

/** Returns a post as a client would type it. */
export function postText(post: Advertisement["post"]): string {
  return post.kind === "text" ? post.text : `https://t.me/${post.channel.replace(/^@/, "")}/${post.message}`;
}

/** Whether a post is written as a link rather than as a text. */
export const looksLikeLink = (post: string): boolean =>
  /^(https?:\/\/)?(t|telegram)\.me\/\S+$/i.test(post.trim());
