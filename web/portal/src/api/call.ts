/** Asks for an operation of the API by its name; the compiler knows what it takes and gives. */

import { API, type Ask, type Client, type Method, type Query } from "./client";
import { OPERATIONS, type Operations } from "./generated";

export type Name = keyof Operations;
export type Answer<K extends Name> = Operations[K]["answer"];
type PathOf<K extends Name, Known extends string> = Omit<Operations[K]["path"], Known>;

/** What an operation wants besides the parts of its address that are `Known` already. */
export type Wanted<K extends Name, Known extends string = never> = Pick<Ask, "key" | "signal" | "anonymous"> & {
  readonly query?: Operations[K]["query"];
} & (object extends PathOf<K, Known> ? { readonly path?: PathOf<K, Known> } : { readonly path: PathOf<K, Known> }) &
  (Operations[K]["body"] extends undefined ? object : { readonly body: Operations[K]["body"] });

interface Given {
  readonly path?: object;
  readonly query?: object;
  readonly body?: unknown;
}

/** The address of an operation, its parts filled in. */
export function addressOf(name: Name, path: object): string {
  const parts = path as Readonly<Record<string, string | number>>;
  return (
    API +
    OPERATIONS[name][1].replace(/\{(\w+)\}/g, (_, part: string) => {
      const value = parts[part];
      if (value === undefined || value === "") {
        throw new Error(`${name} needs ${part}`);
      }
      return encodeURIComponent(value);
    })
  );
}

export function call<K extends Name>(client: Client, name: K, wanted: Wanted<K>): Promise<Answer<K>> {
  const { path = {}, query, body, ...ask } = wanted as Given & Ask;
  const method = OPERATIONS[name][0] as Method;
  return client.json<Answer<K>>(method, addressOf(name, path), {
    ...ask,
    ...(query === undefined ? {} : { query: query as Query }),
    ...(body === undefined ? {} : { body }),
  });
}
