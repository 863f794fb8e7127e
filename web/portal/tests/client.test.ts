import { describe, expect, it } from "vitest";
import { Attempt } from "../src/api/attempt";
import { withQuery } from "../src/api/client";
import { asProblem, Problem } from "../src/api/problem";
import { clientOf, json, problem } from "./server";

async function refusal(asking: Promise<unknown>): Promise<Problem> {
  return asking.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => asProblem(error),
  );
}

describe("the client", () => {
  it("sends language and cookie with a question, and no token", async () => {
    const { client, asked } = clientOf([json({ name: "A" })]);
    expect(await client.get("/api/v1/me", { query: { a: 1, b: "", c: null, d: false } })).toEqual({ name: "A" });
    expect(asked).toEqual([
      {
        method: "GET",
        url: "/api/v1/me?a=1&d=false",
        headers: { Accept: "application/json", "Accept-Language": "zh-Hans" },
        body: undefined,
      },
    ]);
  });

  it("sends token and key with a change, and asks for the token once", async () => {
    const { client, asked } = clientOf([json({}, 201), json({})]);
    await client.post("/api/v1/applications", { tier: "micro" }, { key: "k-1" });
    await client.patch("/api/v1/me", { language: "en" });
    expect(asked.map(({ method, headers }) => [method, headers["X-CSRFToken"], headers["Idempotency-Key"]])).toEqual([
      ["POST", "token-1", "k-1"],
      ["PATCH", "token-1", undefined],
    ]);
  });

  it.each([
    ["the API's refusal", problem(403, "csrf")],
    ["a page instead of an answer", new Response("<html>", { status: 403, headers: { "Content-Type": "text/html" } })],
  ])("fetches a new token after %s and sends the same once more", async (_, answer) => {
    const { client, asked } = clientOf([answer, json({ done: true })]);
    expect(await client.post("/api/v1/x", { a: 1 }, { key: "k" })).toEqual({ done: true });
    expect(asked.map(({ headers, body }) => [headers["X-CSRFToken"], headers["Idempotency-Key"], body])).toEqual([
      ["token-1", "k", { a: 1 }],
      ["token-2", "k", { a: 1 }],
    ]);
  });

  it("does not repeat what was forbidden for another reason", async () => {
    const { client, asked } = clientOf([problem(403, "forbidden")]);
    expect((await refusal(client.post("/api/v1/x"))).code).toBe("forbidden");
    expect(asked.length).toBe(1);
  });

  it("reads a problem with its fields and its words", async () => {
    const fields = [{ field: "credit_code", code: "check_digit", words: "The last character does not fit." }];
    const { client } = clientOf([problem(422, "invalid", { fields })]);
    const found = await refusal(client.post("/api/v1/x"));
    expect([found.status, found.code, found.detail, found.fields, found.isOpen]).toEqual([
      422,
      "invalid",
      "about invalid",
      fields,
      false,
    ]);
  });

  it("reads the log-in pages' own kind of refusal", async () => {
    const errors = [{ message: "Wrong password.", code: "password_mismatch", param: "password" }];
    const { client } = clientOf([json({ status: 400, errors }, 400)]);
    const found = await refusal(client.post("/_allauth/browser/v1/auth/login"));
    expect([found.code, found.fields]).toEqual([
      "password_mismatch",
      [{ field: "password", code: "password_mismatch", words: "Wrong password." }],
    ]);
  });

  it("tells of a lost session, and only where a log-in is needed", async () => {
    const { client, lost } = clientOf([problem(401, "not_logged_in"), json({ data: {} }, 401)]);
    expect((await refusal(client.get("/api/v1/me"))).status).toBe(401);
    expect(lost()).toBe(1);
    expect((await refusal(client.get("/session", { anonymous: true }))).status).toBe(401);
    expect(lost()).toBe(1);
  });

  it("calls a missing network, a cut question and an unreadable answer by their names", async () => {
    const cut = new AbortController();
    cut.abort();
    const { client } = clientOf([new TypeError("fetch failed"), new Response("<html>", { status: 200 })]);
    expect((await refusal(client.get("/x"))).code).toBe("network");
    expect((await refusal(client.get("/x"))).code).toBe("bad_answer");
    expect((await refusal(client.get("/x", { signal: cut.signal }))).code).toBe("dropped");
  });

  it("asks for the token again when the first time failed", async () => {
    let first = true;
    const { client } = clientOf([], {
      fetch: async (url) => {
        if (url === "/portal/start" && first) {
          first = false;
          throw new TypeError("fetch failed");
        }
        return json(url === "/portal/start" ? { csrf_token: "t", sandbox: false } : { done: 1 });
      },
    });
    expect((await refusal(client.post("/x"))).code).toBe("network");
    expect(await client.post("/x")).toEqual({ done: 1 });
  });

  it("leaves out of an address what is not asked for", () => {
    expect(withQuery("/a", {})).toBe("/a");
    expect(withQuery("/a", { q: "张 三&", n: 0 })).toBe("/a?q=%E5%BC%A0+%E4%B8%89%26&n=0");
  });
});

describe("the key of an act", () => {
  let made = 0;
  const attempt = (): Attempt => {
    made = 0;
    return new Attempt(() => `key-${(made += 1)}`);
  };

  it("stays the same while nobody heard an answer", () => {
    const one = attempt();
    expect(one.keyFor({ a: 1 })).toBe("key-1");
    one.failed(new Problem(0, "network", "", ""));
    one.failed(new Problem(503, "server", "", ""));
    expect(one.keyFor({ a: 1 })).toBe("key-1");
  });

  it("is a new one for another act, after a refusal and after success", () => {
    const one = attempt();
    one.keyFor({ a: 1 });
    expect(one.keyFor({ a: 2 })).toBe("key-2");
    one.failed(new Problem(422, "invalid", "", ""));
    expect(one.keyFor({ a: 2 })).toBe("key-3");
    one.done();
    expect(one.keyFor({ a: 2 })).toBe("key-4");
  });
});
