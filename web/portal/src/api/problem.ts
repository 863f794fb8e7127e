/** What the API says when it does not do what was asked (RFC 9457), and what a page can do with it. */

/** One finding at one field of a form, in words that say what to correct. */
export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  readonly words: string;
}

/** Problems that no server named: they happened on the way. */
export type OwnCode = "network" | "bad_answer" | "dropped";

export class Problem extends Error {
  constructor(
    /** The HTTP status, or 0 when there was no answer. */
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(`${code}: ${title}`);
    this.name = "Problem";
  }

  /** Whether the server may have done it all the same: nobody heard the answer. */
  get isOpen(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  get isDropped(): boolean {
    return this.code === "dropped";
  }
}

export function ownProblem(code: OwnCode): Problem {
  return new Problem(0, code, "", "");
}

interface AllauthError {
  readonly message?: string;
  readonly code?: string;
  readonly param?: string;
}

interface ProblemBody {
  readonly title?: string;
  readonly detail?: unknown;
  readonly code?: string;
  readonly fields?: readonly FieldProblem[];
  /** The log-in pages' own shape (allauth). */
  readonly errors?: readonly AllauthError[];
}

/** Read a refusal; an answer that is not of this API (a proxy's page, say) becomes a plain one. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = {};
  let readable = false;
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === "object" && parsed !== null) {
      body = parsed;
      readable = true;
    }
  } catch {
    // Not JSON: the status is all that is known.
  }
  const fields =
    body.fields ??
    (body.errors ?? []).map(({ param, code, message }) => ({
      field: param ?? "",
      code: code ?? "invalid",
      words: message ?? "",
    }));
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Problem(
    response.status,
    body.code ?? body.errors?.[0]?.code ?? (readable ? `http_${response.status}` : "bad_answer"),
    body.title ?? "",
    typeof body.detail === "string" ? body.detail : (body.errors?.[0]?.message ?? ""),
    fields,
    Number.isFinite(wait) ? wait : null,
  );
}

/** What went wrong, as a Problem, whatever was thrown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return ownProblem("dropped");
  }
  return ownProblem(error instanceof TypeError ? "network" : "bad_answer");
}
