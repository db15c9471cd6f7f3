/** The client of the gateway's API. Nothing else fetches. */

import createClient, { type Middleware } from "openapi-fetch";
import { ApiError } from "./problem";
import { queries } from "./queries";
import type { Problem, paths } from "./schema";
import { accessToken, refresh } from "./session";
import { contentOf, isFinal, WriteKeys } from "./write-keys";

const WITHOUT_TOKEN = new Set(["/api/v1/auth/sign-in", "/api/v1/catalogue", "/api/v1/coins"]);
/** Here a key would be the order's token, in place of the cookie with which a second click finds the first order. */
const WITHOUT_KEY = new Set(["/api/v1/checkout"]);
const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const KEY = "Idempotency-Key";

const keys = new WriteKeys();

const withToken: Middleware = {
  async onRequest({ request, schemaPath }) {
    const token = WITHOUT_TOKEN.has(schemaPath) ? null : await accessToken();
    if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
    const keyed = WRITES.has(request.method) && !WITHOUT_KEY.has(schemaPath);
    if (keyed && !request.headers.has(KEY)) {
      request.headers.set(KEY, keys.keyOf(await contentOf(request)));
    }
    return request;
  },
  async onResponse({ request, response }) {
    const key = request.headers.get(KEY);
    if (key === null) return;
    const code = response.status === 409 ? await codeIn(response.clone()) : null;
    if (isFinal(response.status, code)) keys.answered(key);
    else keys.lost(key);
  },
  onError({ request }) {
    const key = request.headers.get(KEY);
    if (key !== null) keys.lost(key);
  },
};

/** A `fetch` that tries once more with another token, if the one that was sent has died meanwhile. */
async function fetchAgain(request: Request): Promise<Response> {
  const again = request.clone();
  const answer = await fetch(request);
  if (answer.status !== 401 || !request.headers.has("Authorization")) return answer;
  const next = await refresh();
  if (next === null) return answer;
  again.headers.set("Authorization", `Bearer ${next.token}`);
  return fetch(again);
}

/** The log of what operators do has another line after each write of theirs, also after a refused one. */
const withActivity: Middleware = {
  onResponse({ request, schemaPath }) {
    if (WRITES.has(request.method) && schemaPath.startsWith("/api/v1/admin/")) {
      void queries.invalidateQueries({ queryKey: ["operator"] });
    }
  },
};

export const api = createClient<paths>({ fetch: fetchAgain });
api.use(withToken, withActivity);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Returns the answer's body; throws an `ApiError` for a problem, or if the gateway can't be reached. */
export async function body<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0, {}, null);
  }
  if (!answer.response.ok) {
    const seconds = Number(answer.response.headers.get("Retry-After") ?? Number.NaN);
    const problem = isProblem(answer.error) ? answer.error : {};
    throw new ApiError(answer.response.status, problem, Number.isNaN(seconds) ? null : seconds);
  }
  return answer.data as T;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value;
}

/** Returns the code of a refusal; null if its body has none. */
async function codeIn(response: Response): Promise<string | null> {
  const problem: unknown = await response.json().catch(() => null);
  return isProblem(problem) ? problem.code : null;
}
