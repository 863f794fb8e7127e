import { describe, expect, it } from "vitest";
import { pagesOf, type Page } from "../src/api/paging";
import { Problem } from "../src/api/problem";

/** A list that answers when it is told to. */
function slowList() {
  const waiting: { cursor: string | null; answer: (page: Page<number>) => void; fail: (error: unknown) => void }[] = [];
  const pages = pagesOf<number>(
    (cursor) =>
      new Promise((answer, fail) => {
        waiting.push({ cursor, answer, fail });
      }),
  );
  return { pages, waiting };
}

describe("a list in pages", () => {
  it("reads on with the cursor until there is none", async () => {
    const asked: (string | null)[] = [];
    const pages = pagesOf(async (cursor) => {
      asked.push(cursor);
      return cursor === null ? { items: [1, 2], next_cursor: "c1" } : { items: [3], next_cursor: null };
    });
    await pages.reload();
    expect([pages.items, pages.hasMore, pages.loaded]).toEqual([[1, 2], true, true]);
    await pages.more();
    await pages.more();
    expect([pages.items, pages.hasMore, asked]).toEqual([[1, 2, 3], false, [null, "c1"]]);
  });

  it("drops the answer to an older question", async () => {
    const { pages, waiting } = slowList();
    const old = pages.reload();
    const fresh = pages.reload();
    waiting[1]?.answer({ items: [2], next_cursor: null });
    await fresh;
    waiting[0]?.answer({ items: [1], next_cursor: "old" });
    await old;
    expect([pages.items, pages.hasMore, pages.loading]).toEqual([[2], false, false]);
  });

  it("asks for no page twice while it is on its way", async () => {
    const { pages, waiting } = slowList();
    const first = pages.reload();
    waiting[0]?.answer({ items: [1], next_cursor: "c" });
    await first;
    const second = pages.more();
    await pages.more();
    waiting[1]?.answer({ items: [2], next_cursor: null });
    await second;
    expect([waiting.map(({ cursor }) => cursor), pages.items]).toEqual([[null, "c"], [1, 2]]);
  });

  it("keeps what it has when the next page fails, and can be asked again", async () => {
    const { pages, waiting } = slowList();
    const first = pages.reload();
    waiting[0]?.answer({ items: [1], next_cursor: "c" });
    await first;
    const second = pages.more();
    waiting[1]?.fail(new Problem(503, "server", "", ""));
    await second;
    expect([pages.items, pages.problem?.status, pages.hasMore]).toEqual([[1], 503, true]);
  });
});
