import { describe, expect, it } from "vitest";
import { asProblem } from "../src/api/problem";
import { Client } from "../src/api/client";
import { Desk } from "../src/desk";
import { followPayments } from "../src/feed";
import { json, problem } from "./server";

const ONE = "105290053110001";
const OTHER = "105290053110002";

/** A server that answers when it is told to, so that a switch can come first. */
function slowServer() {
  const waiting: { url: string; answer: (body: unknown) => void; signal: AbortSignal | null }[] = [];
  const client = new Client({
    language: () => "en",
    sessionLost: () => undefined,
    fetch: (url, options) =>
      new Promise((resolve, reject) => {
        const signal = options.signal ?? null;
        signal?.addEventListener("abort", () => reject(new DOMException("cut", "AbortError")));
        waiting.push({ url, signal, answer: (body) => resolve(json(body)) });
      }),
  });
  return { client, waiting };
}

const codeOf = (asking: Promise<unknown>): Promise<string> =>
  asking.then(
    () => "answered",
    (error: unknown) => asProblem(error).code,
  );

describe("switching from one merchant to another", () => {
  it("cuts what was asked for the old one", async () => {
    const { client, waiting } = slowServer();
    const desk = new Desk(client, ONE);
    const asking = codeOf(desk.call("list_payments", {}));
    expect(waiting[0]?.url).toBe(`/api/v1/merchants/${ONE}/payments`);
    desk.close();
    expect([await asking, waiting[0]?.signal?.aborted]).toEqual(["dropped", true]);
  });

  it("drops an answer that comes at the very moment of the switch", async () => {
    const { client, waiting } = slowServer();
    const desk = new Desk(client, ONE);
    const asking = codeOf(desk.call("list_terminals", {}));
    waiting[0]?.answer({ items: [{ terminal_id: "00000001" }], next_cursor: null });
    desk.close();
    expect(await asking).toBe("dropped");
  });

  it("keeps nothing that was fetched once, and asks nothing any more", async () => {
    const { client, waiting } = slowServer();
    const desk = new Desk(client, ONE);
    const first = desk.once("list_shops", {});
    waiting[0]?.answer({ items: [], next_cursor: null });
    await first;
    await desk.once("list_shops", {});
    expect(waiting.length).toBe(1);
    desk.close();
    expect(await codeOf(desk.once("list_shops", {}))).toBe("dropped");
  });

  it("gives the new one a desk that knows nothing of the old one", async () => {
    const { client, waiting } = slowServer();
    const old = new Desk(client, ONE);
    const kept = old.once("list_shops", {});
    waiting[0]?.answer({ items: [{ shop_id: "shop_a" }], next_cursor: null });
    await kept;
    old.close();
    const fresh = new Desk(client, OTHER);
    const asking = fresh.once("list_shops", {});
    expect(waiting[1]?.url).toBe(`/api/v1/merchants/${OTHER}/shops`);
    waiting[1]?.answer({ items: [], next_cursor: null });
    expect(await asking).toEqual({ items: [], next_cursor: null });
    expect(fresh.file("export_payments_csv", { status: "approved", kind: null })).toBe(
      `/api/v1/merchants/${OTHER}/payments/export.csv?status=approved`,
    );
  });

  it("ends the live feed: the old merchant's payments never arrive", async () => {
    const { client, waiting } = slowServer();
    const desk = new Desk(client, ONE);
    const heard: string[] = [];
    const later: (() => void)[] = [];
    const stop = followPayments(
      desk,
      { arrived: () => heard.push("arrived"), heard: () => heard.push("heard"), failed: () => heard.push("failed") },
      { later: (_ms, act) => (later.push(act), () => later.splice(later.indexOf(act), 1)), isSeen: () => true },
    );
    waiting[0]?.answer({ items: [{ rrn: "1" }], next_cursor: "c", is_all: true, poll_after_s: 3 });
    stop();
    desk.close();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect([heard, later.length, waiting.length]).toEqual([[], 0, 1]);
  });
});

describe("the live feed", () => {
  const answer = (body: object) => ({ items: [], next_cursor: "c", is_all: true, poll_after_s: 3, ...body });

  async function turns(answers: (() => Response)[], isSeen = () => true) {
    const urls: string[] = [];
    const rests: number[] = [];
    const heard: string[] = [];
    const client = new Client({
      language: () => "en",
      sessionLost: () => undefined,
      fetch: async (url) => {
        urls.push(url);
        const next = answers.shift();
        if (next === undefined) {
          throw new TypeError("fetch failed");
        }
        return next();
      },
    });
    const desk = new Desk(client, ONE);
    await new Promise<void>((done) => {
      followPayments(
        desk,
        {
          arrived: (payments) => heard.push(payments.map(({ rrn }) => rrn).join()),
          heard: () => undefined,
          failed: () => heard.push("failed"),
        },
        {
          later: (ms, act) => {
            rests.push(ms);
            answers.length > 0 || rests.length < 2 ? queueMicrotask(act) : done();
            return () => undefined;
          },
          isSeen,
        },
      );
    });
    desk.close();
    return { urls: urls.map((url) => new URL(url, "https://x").searchParams.get("cursor")), rests, heard };
  }

  it("goes on from the cursor, at once while there is more", async () => {
    const found = await turns([
      () => json(answer({ items: [{ rrn: "1" }], is_all: false })),
      () => json(answer({ items: [{ rrn: "2" }], next_cursor: "d" })),
      () => json(answer({ next_cursor: "e" })),
    ]);
    expect(found).toEqual({ urls: [null, "c", "d"], rests: [0, 3000, 3000], heard: ["1", "2"] });
  });

  it("says that it is cut off, rests longer, and begins anew when its cursor is refused", async () => {
    const found = await turns([
      () => json(answer({})),
      () => problem(422, "invalid"),
      () => json(answer({ next_cursor: "z" })),
    ]);
    expect(found).toEqual({ urls: [null, "c", null], rests: [3000, 10_000, 3000], heard: ["failed"] });
  });
});
