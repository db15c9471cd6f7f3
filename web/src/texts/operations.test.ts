import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import en from "./en.json";

type Document = { paths: Record<string, Record<string, { operationId: string }>> };

/** The API's document, of which `schema.d.ts` is made. */
const DOCUMENT: Document = JSON.parse(readFileSync("openapi.json", "utf8"));

it("has words for every act of operators that the activity log may show", () => {
  const acts = Object.entries(DOCUMENT.paths)
    .filter(([path]) => path.startsWith("/api/v1/admin/"))
    .flatMap(([, methods]) => Object.entries(methods))
    .filter(([method]) => method !== "get")
    .map(([, { operationId }]) => operationId);
  expect(Object.keys(en.operation).sort()).toEqual(acts.sort());
});
