/**
 * The key under which one act is asked for (Idempotency-Key): made before the first send, the same
 * for each repeat of the same act, a new one as soon as anything about the act is different.
 */

import type { Problem } from "./problem";

export class Attempt {
  #key: string | null = null;
  #body = "";

  constructor(private readonly newId: () => string) {}

  /** The key for sending this body now. */
  keyFor(body: unknown): string {
    const text = JSON.stringify(body) ?? "";
    if (this.#key === null || text !== this.#body) {
      this.#key = this.newId();
      this.#body = text;
    }
    return this.#key;
  }

  /** The server has done it: the next act is a new one. */
  done(): void {
    this.#key = null;
  }

  /** It failed: a clear refusal ends the attempt; without an answer it stays open for a repeat. */
  failed(problem: Problem): void {
    if (!problem.isOpen) {
      this.#key = null;
    }
  }
}

/** A random UUID, also where the page was not reached over a secure address. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
