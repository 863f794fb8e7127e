/**
 * All that a page may know of one merchant: its number, a way to ask, and what was fetched once.
 * A switch ends the desk: questions under way are cut, later answers are dropped, and what was kept
 * is gone. Pages get a new desk, never an old one with another number.
 */

import { inject, type InjectionKey } from "vue";
import { addressOf, call, type Answer, type Name, type Wanted } from "./api/call";
import type { Client, Query } from "./api/client";
import { withQuery } from "./api/client";
import { ownProblem } from "./api/problem";

type Mine = "merchant_id";

export class Desk {
  readonly #cut = new AbortController();
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(
    private readonly client: Client,
    readonly merchantId: string,
  ) {}

  get isOver(): boolean {
    return this.#cut.signal.aborted;
  }

  /** Ask for an operation on something of this merchant's. */
  call<K extends Name>(name: K, wanted: Wanted<K, Mine>): Promise<Answer<K>> {
    if (this.isOver) {
      return Promise.reject(ownProblem("dropped"));
    }
    const { path, ...rest } = wanted as { path?: object };
    const whole = { ...rest, path: { ...path, merchant_id: this.merchantId }, signal: this.#cut.signal };
    return this.#only(call(this.client, name, whole as unknown as Wanted<K>));
  }

  /** Ask for something several pages need only once; a failure is not kept. */
  once<K extends Name>(name: K, wanted: Wanted<K, Mine>): Promise<Answer<K>> {
    const known = this.#kept.get(name);
    if (known !== undefined) {
      return this.#only(known as Promise<Answer<K>>);
    }
    const asked = this.call(name, wanted);
    this.#kept.set(name, asked);
    asked.catch(() => this.#kept.delete(name));
    return asked;
  }

  /** What this operation gave before is not true any more. */
  changed(name: Name): void {
    this.#kept.delete(name);
  }

  /** The address of a file of this merchant's, for the browser to fetch by itself. */
  file(name: Name, query: object = {}): string {
    return withQuery(addressOf(name, { merchant_id: this.merchantId }), query as Query);
  }

  /** End: nothing of this merchant arrives or stays from now on. */
  close(): void {
    this.#cut.abort();
    this.#kept.clear();
  }

  async #only<T>(asking: Promise<T>): Promise<T> {
    try {
      const answer = await asking;
      if (this.isOver) {
        throw ownProblem("dropped");
      }
      return answer;
    } catch (error) {
      throw this.isOver ? ownProblem("dropped") : error;
    }
  }
}

export const DESK: InjectionKey<Desk> = Symbol("desk");

/** The desk of the merchant whose pages are open. */
export function useDesk(): Desk {
  const desk = inject(DESK);
  if (desk === undefined) {
    throw new Error("a merchant's page stands outside its frame");
  }
  return desk;
}
