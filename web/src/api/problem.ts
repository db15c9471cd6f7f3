import type { FieldProblem, Problem } from "./schema";

/** A refused or failed request. `code` is stable, `detail` says what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldProblem[];
  readonly correlationId: string | null;
  /** Seconds; null where a repetition does not help. */
  readonly retryAfter: number | null;

  constructor(status: number, problem: Partial<Problem>, retryAfter: number | null) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.name = "ApiError"; // also in a build, in which classes have other names
    this.status = status;
    this.code = problem.code ?? "unreachable";
    this.fields = problem.errors ?? [];
    this.correlationId = problem.correlation_id ?? null;
    this.retryAfter = retryAfter;
  }
}

/** Returns the texts of a refused form by its fields' names, without `body.`. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.fields.map(({ field, message }) => [field.replace(/^body\./, ""), message]),
  );
}

/** Returns whether a refusal is only about fields that a form has, at which it is shown. */
export function isAtFields(error: unknown, form: object): boolean {
  const fields = Object.keys(fieldErrors(error));
  return fields.length > 0 && fields.every((field) => field in form);
}

/** Returns whether a request failed because the gateway did not answer at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

/** Returns whether there is no such thing: none has this id, or none can have it. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const noId = error.fields.length > 0 && error.fields.every(({ field }) => field.startsWith("path."));
  return error.status === 404 || (error.status === 422 && noId);
}
