import { describe, expect, it } from "vitest";
import { BURST_GAP_MS, BURST_REST_MS, BurstGuard } from "../src/burst";

function verdicts(times: number[]): string[] {
  const guard = new BurstGuard();
  return times.map((time) => guard.key(time));
}

describe("telling a scanner from fingers", () => {
  it("takes a quick typist for a person", () => {
    expect(verdicts([0, 60, 120, 180, 240, 300])).toEqual(Array(6).fill("first"));
  });

  it("takes two fingers that land almost together for a person", () => {
    expect(verdicts([0, 10, 200, 205])).toEqual(["first", "key", "first", "key"]);
  });

  it("swallows a goods code and its Enter", () => {
    const times = Array.from({ length: 14 }, (_, key) => key * 5);
    expect(verdicts(times)).toEqual([
      "first",
      "key",
      "key",
      "scan-begins",
      ...Array<string>(10).fill("scan"),
    ]);
  });

  it("still swallows an Enter that lags a little", () => {
    const guard = new BurstGuard();
    [0, 5, 10, 15, 20].forEach((time) => guard.key(time));
    expect(guard.key(20 + BURST_REST_MS - 1)).toBe("scan");
  });

  it("listens to fingers again after a pause", () => {
    const guard = new BurstGuard();
    [0, 5, 10, 15, 20].forEach((time) => guard.key(time));
    expect(guard.key(20 + BURST_REST_MS)).toBe("first");
    expect(guard.key(20 + BURST_REST_MS + BURST_GAP_MS)).toBe("first");
  });
});
