import { describe, expect, it } from "vitest";
import { eventOf, eventsOf } from "./event-stream";

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

describe("eventsOf", () => {
  it("reads events that arrive in pieces, and skips comments", async () => {
    const stream = streamOf(
      ": hea",
      "rtbeat\n\nevent: change\nid: 7\nda",
      'ta: {"kind":"adbot"}\n',
      "\nevent: end\ndata: x",
    );
    const events = [];
    for await (const event of eventsOf(stream)) events.push(event);

    expect(events).toEqual([{ type: "change", id: "7", data: '{"kind":"adbot"}' }]);
  });
});

describe("eventOf", () => {
  it("joins lines of data, and knows events without an id", () => {
    expect(eventOf("data: a\ndata: b")).toEqual({ type: "message", id: null, data: "a\nb" });
  });

  it("is nothing without data", () => {
    expect(eventOf("event: ready")).toBeNull();
  });
});
