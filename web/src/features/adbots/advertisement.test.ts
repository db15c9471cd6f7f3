import { describe, expect, it } from "vitest";
import { postText } from "./advertisement";

describe("postText", () => {
  it("is the link of a channel's post, and a text as it is", () => {
    expect(postText({ kind: "link", channel: "@news", message: 42 })).toBe("https://t.me/news/42");
    expect(postText({ kind: "text", text: "Hello", format: "plain" })).toBe("Hello");
  });
});
