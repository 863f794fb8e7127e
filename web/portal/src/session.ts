/**
 * Who is logged in here, and at which merchants. Nothing of a merchant is kept in this file: what
 * belongs to one lives in its desk (desk.ts), which ends with the switch.
 */

import { reactive } from "vue";
import { asProblem } from "./api/problem";
import { call } from "./api/call";
import type { MeOut, MyMerchantOut } from "./api/generated";
import { client } from "./world";

interface Session {
  /** `unknown` until the server was asked. */
  state: "unknown" | "out" | "in";
  me: MeOut | null;
  merchants: readonly MyMerchantOut[];
}

export const session = reactive<Session>({ state: "unknown", me: null, merchants: [] });

/** Ask the server who this is; returns whether somebody is logged in. Throws a Problem without network. */
export async function learnSession(): Promise<boolean> {
  try {
    const me = await call(client, "get_me", { anonymous: true });
    const mine = await call(client, "list_my_merchants", { anonymous: true });
    Object.assign(session, { state: "in", me, merchants: mine.items });
    return true;
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status !== 401) {
      throw problem;
    }
    forgetSession();
    return false;
  }
}

/** Nobody is logged in any more: forget who was. */
export function forgetSession(): void {
  Object.assign(session, { state: "out", me: null, merchants: [] });
  client.forget();
}

/** Whether this person may do this at this merchant; the server decides, this only hides buttons. */
export function may(merchantId: string, permission: string): boolean {
  const here = session.merchants.find((one) => one.merchant_id === merchantId);
  return here?.permissions.includes(permission) ?? false;
}

/** Where to go after a log-in: only addresses of this portal, never another site's. */
export function safeNext(wanted: unknown): string {
  return typeof wanted === "string" && /^\/portal\/[A-Za-z0-9]/.test(wanted) && !wanted.startsWith("/portal/login")
    ? wanted
    : "/portal/";
}
