/** Posts and options of an advertisement as a form's values. */

import type { Advertisement, PostOrder, TextFormat } from "../../../api/schema";
import { postText } from "../advertisement";

/** Of a plan that sets no limit of its own. */
export const MOST_POSTS = 20;

export type PostValues = {
  posts: { key: string; text: string }[];
  order: PostOrder;
  format: TextFormat;
  author: boolean;
  skip_newest: boolean;
  delete_previous: boolean;
};

let made = 0;
export const newPost = (text = "") => ({ key: `post ${++made}`, text });

export function valuesOf(set: Advertisement | null): PostValues {
  const posts = set?.posts ?? [];
  const text = posts.find((post) => post.kind === "text");
  return {
    posts: posts.length > 0 ? posts.map((post) => newPost(postText(post))) : [newPost()],
    order: set?.order ?? "in_turn",
    format: text?.kind === "text" ? (text.format ?? "plain") : "plain",
    author: set?.options.author ?? true,
    skip_newest: set?.options.skip_newest ?? false,
    delete_previous: set?.options.delete_previous ?? false,
  };
}

/** Returns the posts that are written, without empty ones. */
export const writtenPosts = (values: PostValues): string[] =>
  values.posts.map(({ text }) => text.trim()).filter((text) => text !== "");
