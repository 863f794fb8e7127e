import { describe, expect, it } from "vitest";
import { secretDigits } from "../src/secret";

describe("secret digits", () => {
  it("show their length and leave once, as text", () => {
    const secret = secretDigits(12);
    [..."123456"].forEach((digit) => secret.push(digit));
    expect(secret.length.value).toBe(6);
    expect(secret.take()).toBe("123456");
    expect(secret.length.value).toBe(0);
    expect(secret.take()).toBe("");
  });

  it("hold no more than the limit and only digits", () => {
    const secret = secretDigits(4);
    [..."12x345"].forEach((digit) => secret.push(digit));
    expect(secret.take()).toBe("1234");
  });

  it("can be shortened and wiped", () => {
    const secret = secretDigits(4);
    secret.push("1");
    secret.push("2");
    secret.pop();
    expect(secret.length.value).toBe(1);
    secret.wipe();
    secret.pop();
    expect(secret.length.value).toBe(0);
  });

  it("lose the keys of a scan and keep those before it", () => {
    const secret = secretDigits(12);
    secret.push("1");
    secret.checkpoint();
    [..."690"].forEach((digit) => secret.push(digit));
    secret.restore();
    secret.push("2");
    expect(secret.take()).toBe("12");
  });

  it("do not show themselves when printed", () => {
    const secret = secretDigits(12);
    [..."271828"].forEach((digit) => secret.push(digit));
    expect(JSON.stringify(secret)).not.toContain("271828");
    expect(JSON.stringify(secret)).not.toContain("[2,7");
  });
});
