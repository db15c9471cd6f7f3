import { expect, it } from "vitest";
import { valuesOf, writtenPosts } from "./post-form";

const SET = {
  post: { kind: "link" as const, channel: "@news", message: 42 },
  posts: [
    { kind: "link" as const, channel: "@news", message: 42 },
    { kind: "text" as const, text: "**Hello**", format: "markdown" as const },
  ],
  order: "random" as const,
  groups: ["@g"],
  lists: [],
  group_options: [],
  options: { author: false, skip_newest: true, delete_previous: false },
};

it("shows posts as a client would type them, with the format of the texts and the options", () => {
  const values = valuesOf(SET);
  expect(writtenPosts(values)).toEqual(["https://t.me/news/42", "**Hello**"]);
  expect(values).toMatchObject({ order: "random", format: "markdown", author: false, skip_newest: true });
});

it("begins with one empty post, which is none", () => {
  const values = valuesOf(null);
  expect(values.posts).toHaveLength(1);
  expect(writtenPosts(values)).toEqual([]);
});
