import { describe, expect, it, vi } from "vitest";
import { amountParts, amountText } from "@tongbao/shared/money.ts";
import { keepChoice, languageOf, readChoice } from "@tongbao/shared/preference.ts";
import { clockText, remaining, timeOf } from "../src/clock";
import { drawerAddress } from "../src/drawer";
import { parseMessage, PHASES, traceText, type Doubt, type Result, type TerminalState } from "../src/protocol";
import { checkStays, hasPoweredOn, isBlocked, screenFor } from "../src/screen";
import { Sounds, TUNES } from "../src/sound";

function state(changes: Partial<TerminalState>): TerminalState {
  return { phase: "idle", doubt: null, result: null, ...changes } as TerminalState;
}
const doubt = { trace: 12 } as Doubt;
const approved = { outcome: "approved" } as Result;

describe("which screen is shown", () => {
  it("is the cover before the terminal has spoken", () => {
    expect(screenFor(null, false)).toBe("cover");
  });

  it.each(PHASES.filter((phase) => phase !== "reversing" && phase !== "result"))(
    "%s has a screen of its own",
    (phase) => {
      expect(screenFor(state({ phase }), false)).toBe(phase);
    },
  );

  it("is the doubt while a payment is being reversed", () => {
    expect(screenFor(state({ phase: "reversing", doubt }), false)).toBe("doubt");
  });

  it("is the result when there is one", () => {
    expect(screenFor(state({ phase: "result", result: approved }), false)).toBe("result");
  });

  it("is never a result that nobody can prove", () => {
    expect(screenFor(state({ phase: "result" }), false)).toBe("doubt");
    const unknown = { outcome: "in_doubt" } as Result;
    expect(screenFor(state({ phase: "result", result: unknown }), false)).toBe("doubt");
  });

  it("is the doubt on request only where the terminal rests and a doubt is open", () => {
    expect(screenFor(state({ doubt }), true)).toBe("doubt");
    expect(screenFor(state({}), true)).toBe("idle");
    expect(screenFor(state({ phase: "card", doubt }), true)).toBe("card");
  });

  it("is an opened page only while the terminal rests, and a signature also over its result", () => {
    const menu = { name: "menu" } as const;
    const sign = { name: "sign", batch: 1, trace: 2 } as const;
    expect(screenFor(state({}), false, false, menu)).toBe("menu");
    expect(screenFor(state({ phase: "card" }), false, false, menu)).toBe("card");
    expect(screenFor(state({ phase: "reversing", doubt }), false, false, sign)).toBe("doubt");
    expect(screenFor(state({ phase: "result", result: approved }), false, false, menu)).toBe("result");
    expect(screenFor(state({ phase: "result", result: approved }), false, false, sign)).toBe("sign");
    const unknown = { outcome: "in_doubt" } as Result;
    expect(screenFor(state({ phase: "result", result: unknown }), false, false, sign)).toBe("doubt");
  });

  it("stays with the self-check a moment longer, but over nothing else than the log-in", () => {
    expect(screenFor(state({ phase: "logged_out" }), false, true)).toBe("self_check");
    expect(screenFor(state({ phase: "idle" }), false, true)).toBe("idle");
  });

  it("keeps good news of the self-check for its time and a fault until it was read", () => {
    const good = state({ self_check: [{ part: "printer", result: "ok", detail: null }] });
    const bad = state({ self_check: [{ part: "printer", result: "fail", detail: null }] });
    expect(checkStays(good, 1, false)).toBe(true);
    expect(checkStays(good, 1, true)).toBe(false);
    expect(checkStays(bad, 1, true)).toBe(true);
    expect(checkStays(bad, null, true)).toBe(false);
  });

  it.each([
    ["off", "self_check", true],
    ["off", "logged_out", true],
    ["off", "idle", false],
    ["logged_out", "self_check", false],
    [null, "logged_out", false],
  ] as const)("from %s to %s is a power-on: %s", (before, after, on) => {
    expect(hasPoweredOn(before, after)).toBe(on);
  });

  it("is covered exactly when the terminal is gone", () => {
    expect(["connecting", "up", "down"].map((status) => isBlocked(status as "up"))).toEqual([false, false, true]);
  });
});

describe("amounts", () => {
  it.each([
    [0, "¥0.00"],
    [5, "¥0.05"],
    [1250, "¥12.50"],
    [123_456_789, "¥1,234,567.89"],
    [-100, "−¥1.00"],
    [999_999_999_999, "¥9,999,999,999.99"],
  ])("%i fen reads %s", (minor, text) => {
    expect(amountText(minor)).toBe(text);
  });

  it("of another currency carry its code", () => {
    expect(amountParts(100, "USD")).toEqual({ sign: "USD ", whole: "1", fraction: "00" });
  });

  it("are whole numbers of minor units or an error", () => {
    expect(() => amountText(0.5)).toThrow(RangeError);
    expect(() => amountText(Number.NaN)).toThrow(RangeError);
  });
});

describe("time between two pushes", () => {
  it("counts down from the moment of the push and stops at zero", () => {
    expect(remaining(30_000, 60_000, 1000, 1000)).toEqual({ seconds: 30, fraction: 0.5 });
    expect(remaining(30_000, 60_000, 1000, 1001)).toMatchObject({ seconds: 30 });
    expect(remaining(30_000, 60_000, 1000, 99_000)).toEqual({ seconds: 0, fraction: 0 });
  });

  it("moves the terminal's clock on in the terminal's own zone", () => {
    expect(clockText("2026-11-21T10:45:00+08:00", 0, 0)).toBe("10:45");
    expect(clockText("2026-11-21T23:59:30+08:00", 0, 30_000)).toBe("00:00");
    expect(clockText("2026-11-21T10:45:00-03:30", 0, 0)).toBe("10:45");
    expect(clockText("soon", 0, 0)).toBe("--:--");
  });

  it("reads hours and minutes as written", () => {
    expect(timeOf("2026-11-21T10:42:10+08:00")).toBe("10:42");
    expect(timeOf("")).toBe("");
  });
});

describe("preferences", () => {
  it("default to the browser's language", () => {
    expect(languageOf(["zh-CN", "en"])).toBe("zh");
    expect(languageOf(["en-GB", "zh"])).toBe("en");
    expect(languageOf([])).toBe("en");
  });

  it("survive a browser that refuses storage", () => {
    const refusing = {
      getItem: (): string => {
        throw new Error("refused");
      },
      setItem: (): void => {
        throw new Error("refused");
      },
    };
    expect(readChoice(refusing, "language", ["zh", "en"], "zh")).toBe("zh");
    expect(() => keepChoice(refusing, "language", "en")).not.toThrow();
  });

  it("ignore a stored word that is not a choice", () => {
    const store = { getItem: () => "klingon", setItem: vi.fn() };
    expect(readChoice(store, "language", ["zh", "en"], "en")).toBe("en");
  });
});

describe("messages of the terminal", () => {
  it("are read when they are whole", () => {
    expect(parseMessage('{"type":"state","seq":3,"state":{"phase":"idle"}}')).toMatchObject({ seq: 3 });
    expect(parseMessage('{"type":"ack","id":"a","ok":"yes"}')).toMatchObject({ ok: false });
  });

  it("are ignored when they are not", () => {
    for (const text of ["", "[]", "1", '{"type":"state","state":{}}', '{"type":"state","seq":1,"state":{"phase":"?"}}']) {
      expect(parseMessage(text)).toBeNull();
    }
  });

  it("write a trace with six digits", () => {
    expect(traceText(12)).toBe("000012");
  });
});

describe("the sandbox's drawer", () => {
  it.each(["http://127.0.0.1:8603", "http://127.0.0.1:8603/", "http://127.0.0.1:8603/drawer", "http://127.0.0.1:8603/drawer/"])(
    "is found at %s",
    (url) => {
      expect(drawerAddress(url)).toBe("http://127.0.0.1:8603/drawer");
    },
  );
});

describe("sounds", () => {
  it("exist for every cue of the terminal", () => {
    expect(Object.keys(TUNES).sort()).toEqual(["approved", "declined", "doubt", "error", "key", "power_on"]);
  });

  it("rise for good news and fall for bad", () => {
    const pitches = (name: string): number[] => (TUNES[name] ?? []).map((note) => note.hertz);
    const rising = (values: number[]): boolean => values.every((value, at) => at === 0 || value > (values[at - 1] ?? 0));
    expect(rising(pitches("approved"))).toBe(true);
    expect(rising(pitches("power_on"))).toBe(true);
    expect(rising([...pitches("declined")].reverse())).toBe(true);
    expect(new Set(pitches("doubt")).size).toBe(1);
  });

  it("are silent when muted, before a gesture, and on a device without sound", () => {
    const make = vi.fn(() => {
      throw new Error("no sound card");
    });
    const sounds = new Sounds(make);
    sounds.play("approved");
    expect(make).not.toHaveBeenCalled();
    sounds.unlock();
    expect(() => sounds.play("approved")).not.toThrow();
  });
});
