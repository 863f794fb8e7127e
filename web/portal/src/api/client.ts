/**
 * One way to ask the server anything: session cookie, token against forgery, language, problems.
 * Whoever made the client says what happens when the session is lost.
 */

import { asProblem, ownProblem, Problem, problemOf } from "./problem";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Ask {
  readonly query?: Query;
  readonly body?: unknown;
  /** Idempotency key of a POST that creates. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** A 401 is an ordinary refusal here (log-in pages ask whether anybody is logged in). */
  readonly anonymous?: boolean;
  /** Statuses that are answers here and no refusals, though HTTP counts them as such. */
  readonly also?: readonly number[];
}

export interface Start {
  readonly csrf_token: string;
  readonly sandbox: boolean;
}

export interface Wires {
  readonly fetch: (url: string, options: RequestInit) => Promise<Response>;
  /** The language of answers, as a browser names it. */
  readonly language: () => string;
  /** Told once for each request that found nobody logged in. */
  readonly sessionLost: () => void;
  /** Ask the person for the second factor; true when it was shown and the act may be sent again. */
  readonly secondFactor?: () => Promise<boolean>;
}

const START = "/portal/start";
export const API = "/api/v1";

/** Put a query behind an address; what is empty or unset is left out. */
export function withQuery(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") {
      words.set(name, String(value));
    }
  }
  const text = words.toString();
  return text === "" ? path : `${path}?${text}`;
}

export class Client {
  #token: Promise<Start> | null = null;

  constructor(private readonly wires: Wires) {}

  /** What the page has to know first; asked once, and again after `forget`. */
  start(): Promise<Start> {
    this.#token ??= this.#fetchStart().catch((error: unknown) => {
      this.#token = null;
      throw error;
    });
    return this.#token;
  }

  /** A log-in or log-out changes the token: ask for it again when it is needed. */
  forget(): void {
    this.#token = null;
  }

  get<T>(path: string, ask: Ask = {}): Promise<T> {
    return this.json<T>("GET", path, ask);
  }

  post<T>(path: string, body: unknown = {}, ask: Ask = {}): Promise<T> {
    return this.json<T>("POST", path, { ...ask, body });
  }

  patch<T>(path: string, body: unknown, ask: Ask = {}): Promise<T> {
    return this.json<T>("PATCH", path, { ...ask, body });
  }

  put<T>(path: string, body: unknown, ask: Ask = {}): Promise<T> {
    return this.json<T>("PUT", path, { ...ask, body });
  }

  delete<T = void>(path: string, ask: Ask = {}): Promise<T> {
    return this.json<T>("DELETE", path, ask);
  }

  /** Ask, and return what the answer says; a refusal is thrown as a Problem. */
  async json<T>(method: Method, path: string, ask: Ask): Promise<T> {
    const response = await this.send(method, path, ask);
    if (response.status === 204 || response.headers.get("Content-Length") === "0") {
      return undefined as T;
    }
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw asProblem(error instanceof SyntaxError ? ownProblem("bad_answer") : error);
    }
  }

  /** Ask, and return the answer as it is when it is a good one. */
  async send(method: Method, path: string, ask: Ask = {}): Promise<Response> {
    const good = (one: Response): boolean => one.ok || (ask.also?.includes(one.status) ?? false);
    let response = await this.#once(method, path, ask);
    if (good(response)) {
      return response;
    }
    let problem = await problemOf(response);
    if (await this.#mayAgain(method, problem)) {
      response = await this.#once(method, path, ask);
      if (good(response)) {
        return response;
      }
      problem = await problemOf(response);
    }
    if (problem.status === 401 && ask.anonymous !== true) {
      this.wires.sessionLost();
    }
    throw problem;
  }

  /** The headers of a request that changes something, for what does not go through `fetch`. */
  async headers(ask: Ask = {}): Promise<Record<string, string>> {
    return {
      ...this.#plainHeaders(ask),
      "X-CSRFToken": (await this.start()).csrf_token,
    };
  }

  /** Whether a refusal was about the way it was asked: nothing was done, and it can be asked again. */
  async #mayAgain(method: Method, problem: Problem): Promise<boolean> {
    if (method !== "GET" && isForgery(problem)) {
      this.forget(); // The token was of another session (a log-in in another tab).
      return true;
    }
    if (problem.status === 403 && problem.code === "second_factor_needed") {
      return (await this.wires.secondFactor?.()) ?? false;
    }
    return false;
  }

  async #once(method: Method, path: string, ask: Ask): Promise<Response> {
    const headers = method === "GET" ? this.#plainHeaders(ask) : await this.headers(ask);
    const form = ask.body instanceof FormData;
    if (ask.body !== undefined && !form) {
      headers["Content-Type"] = "application/json";
    }
    try {
      return await this.wires.fetch(withQuery(path, ask.query), {
        method,
        headers,
        credentials: "same-origin",
        cache: "no-store",
        ...(ask.body === undefined ? {} : { body: form ? (ask.body as FormData) : JSON.stringify(ask.body) }),
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      });
    } catch (error) {
      throw asProblem(error);
    }
  }

  #plainHeaders(ask: Ask): Record<string, string> {
    return {
      Accept: "application/json",
      "Accept-Language": this.wires.language(),
      ...(ask.key === undefined ? {} : { "Idempotency-Key": ask.key }),
      ...ask.headers,
    };
  }

  async #fetchStart(): Promise<Start> {
    const options = { headers: this.#plainHeaders({}), credentials: "same-origin", cache: "no-store" } as const;
    const response = await this.wires.fetch(START, options).catch((error: unknown) => {
      throw asProblem(error);
    });
    if (!response.ok) {
      throw new Problem(response.status, "bad_answer", "", "");
    }
    return (await response.json()) as Start;
  }
}

/** Refused for its token: the API names it, the log-in pages answer with a page. */
function isForgery(problem: Problem): boolean {
  return problem.status === 403 && (problem.code === "csrf" || problem.code === "bad_answer");
}
