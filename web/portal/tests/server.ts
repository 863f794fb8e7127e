/** A server made of prepared answers; it notes what it was asked. */

import { Client, type Wires } from "../src/api/client";

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

export type Answer = Response | Error;

export function json(body: unknown, status = 200, type = "application/json"): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
}

export function problem(status: number, code: string, more: object = {}): Response {
  return json({ status, code, title: code, detail: `about ${code}`, ...more }, status, "application/problem+json");
}

/** A client whose server gives these answers in turn; `/portal/start` is answered aside. */
export function clientOf(answers: Answer[], wires: Partial<Wires> = {}): { client: Client; asked: Asked[]; lost: () => number } {
  const asked: Asked[] = [];
  let starts = 0;
  let lost = 0;
  const client = new Client({
    language: () => "zh-Hans",
    sessionLost: () => {
      lost += 1;
    },
    fetch: async (url, options) => {
      if (url === "/portal/start") {
        starts += 1;
        return json({ csrf_token: `token-${starts}`, sandbox: true });
      }
      options.signal?.throwIfAborted();
      const body = typeof options.body === "string" ? (JSON.parse(options.body) as unknown) : options.body;
      asked.push({
        method: options.method ?? "GET",
        url,
        headers: options.headers as Record<string, string>,
        body,
      });
      const answer = answers.shift();
      if (answer === undefined) {
        throw new Error(`nothing prepared for ${url}`);
      }
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
    ...wires,
  });
  return { client, asked, lost: () => lost };
}
