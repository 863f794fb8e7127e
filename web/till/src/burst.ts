/**
 * Tells a scanner from fingers. A scanner is a keyboard that types a goods code and Enter within
 * milliseconds; on a till without goods its digits must not become an amount, nor its Enter a sale.
 * The first digits look like any other, so the guard says when to put back what stood before them.
 */

/** No hand types two keys closer together than this for long. */
export const BURST_GAP_MS = 30;
/** This many keys in a row at such a pace are a scanner. */
export const BURST_KEYS = 4;
/** After so long a key is known not to have been the first of a scan. */
export const BURST_CERTAIN_MS = BURST_GAP_MS * BURST_KEYS;
/** After a scan, keys are fingers again once this much silence has passed. */
export const BURST_REST_MS = 120;

/** A run's first key, a further key, the key that gives a scanner away, and the rest of its scan. */
export type BurstVerdict = "first" | "key" | "scan-begins" | "scan";

export class BurstGuard {
  #last = Number.NEGATIVE_INFINITY;
  #run = 0;
  #scanning = false;

  /** Judge a key that arrived at this time in milliseconds. */
  key(at: number): BurstVerdict {
    const gap = at - this.#last;
    this.#last = at;
    if (this.#scanning) {
      if (gap < BURST_REST_MS) {
        return "scan";
      }
      this.#scanning = false;
    }
    this.#run = gap < BURST_GAP_MS ? this.#run + 1 : 1;
    if (this.#run < BURST_KEYS) {
      return this.#run === 1 ? "first" : "key";
    }
    this.#scanning = true;
    return "scan-begins";
  }
}
