import { describe, expect, it } from "vitest";
import { Problem } from "../src/api/problem";
import { draftOf, type Value } from "../src/draft";

function slowDraft() {
  const sent: { changes: Record<string, Value>; done: () => void; fail: () => void }[] = [];
  const draft = draftOf(
    (changes) =>
      new Promise((done, fail) => {
        sent.push({ changes, done, fail: () => fail(new Problem(0, "network", "", "")) });
      }),
  );
  return { draft, sent };
}

describe("a form that saves itself", () => {
  it("counts what was typed as unsent until the server has said that it has it", async () => {
    const { draft, sent } = slowDraft();
    draft.set("name", "A");
    const saving = draft.flush();
    expect([draft.unsent, draft.saving]).toEqual([1, true]);
    sent[0]?.done();
    expect([await saving, draft.unsent, draft.saving]).toEqual([true, 0, false]);
  });

  it("sends what was typed meanwhile, and only that", async () => {
    const { draft, sent } = slowDraft();
    draft.set("name", "A");
    draft.set("city", "B");
    const saving = draft.flush();
    draft.set("name", "AB");
    expect(draft.flush()).toBe(saving);
    sent[0]?.done();
    await Promise.resolve();
    await Promise.resolve();
    expect(sent.map(({ changes }) => changes)).toEqual([{ name: "A", city: "B" }, { name: "AB" }]);
    sent[1]?.done();
    expect([await saving, draft.unsent]).toEqual([true, 0]);
  });

  it("loses nothing when it cannot be sent", async () => {
    const { draft, sent } = slowDraft();
    draft.set("name", "A");
    const saving = draft.flush();
    sent[0]?.fail();
    expect([await saving, draft.unsent, draft.problem?.code]).toEqual([false, 1, "network"]);
    const again = draft.flush();
    expect(sent[1]?.changes).toEqual({ name: "A" });
    sent[1]?.done();
    expect([await again, draft.unsent, draft.problem]).toEqual([true, 0, null]);
  });

  it("has nothing to do when nothing was typed", async () => {
    const { draft, sent } = slowDraft();
    expect([await draft.flush(), sent.length]).toEqual([true, 0]);
  });
});
