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

export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
