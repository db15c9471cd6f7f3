/** The client of the gateway's API. Nothing else fetches. */

import createClient, { type Middleware } from "openapi-fetch";
import { ApiError } from "./problem";
import type { Problem, paths } from "./schema";
import { accessToken, refresh } from "./session";

const WITHOUT_TOKEN = new Set(["/api/v1/auth/sign-in", "/api/v1/catalogue", "/api/v1/coins"]);
const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

const withToken: Middleware = {
  async onRequest({ request, schemaPath }) {
    const token = WITHOUT_TOKEN.has(schemaPath) ? null : await accessToken();
    if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
    if (WRITES.has(request.method) && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    return request;
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

export const api = createClient<paths>({ fetch: fetchAgain });
api.use(withToken);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** Returns the answer's body; throws an `ApiError` for a problem, or if the gateway can't be reached. */
export async function body<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch {
    throw new ApiError(0, {}, null);
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
