/** The sandbox's drawer of cards. A card goes from the drawer to the reader; never through this page. */

import type { Sandbox } from "./protocol";

export interface DrawerCard {
  readonly id: string;
  readonly name_zh: string;
  readonly name_en: string;
  readonly story_zh: string;
  readonly story_en: string;
  readonly masked: string;
  readonly pin_hint: string | null;
  readonly colour: string;
}

/** What became of a swipe; a refusal carries the sandbox's own words where it gave some. */
export type SwipeAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "unreachable" }
  | {
      readonly ok: false;
      readonly reason: "refused";
      readonly words: { readonly zh: string; readonly en: string } | null;
    };

const LIMIT_MS = 4000;

/** The drawer's own address, whether the terminal gave the site or the drawer itself. */
export function drawerAddress(url: string): string {
  const bare = url.replace(/\/+$/, "");
  return bare.endsWith("/drawer") ? bare : `${bare}/drawer`;
}

/** Is there a drawer to take a card from, and a reader to pull it through? */
export function hasDrawer(sandbox: Sandbox | null): sandbox is Sandbox {
  return sandbox !== null && sandbox.drawer_url !== "" && sandbox.terminal_reader !== null;
}

/** The cards in the drawer, or null when the sandbox does not answer. */
export async function fetchDrawer(sandbox: Sandbox): Promise<readonly DrawerCard[] | null> {
  try {
    const response = await fetch(drawerAddress(sandbox.drawer_url), {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const body: unknown = response.ok ? await response.json() : null;
    const cards = (body as { cards?: unknown } | null)?.cards;
    return Array.isArray(cards) ? (cards as DrawerCard[]) : null;
  } catch {
    return null;
  }
}

/** Pull a card through the terminal's reader. */
export async function swipe(sandbox: Sandbox, cardId: string): Promise<SwipeAnswer> {
  try {
    const address = `${drawerAddress(sandbox.drawer_url)}/${encodeURIComponent(cardId)}/swipe`;
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reader: sandbox.terminal_reader }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return response.ok
      ? { ok: true }
      : { ok: false, reason: "refused", words: await wordsOf(response) };
  } catch {
    return { ok: false, reason: "unreachable" };
  }
}

async function wordsOf(response: Response): Promise<{ zh: string; en: string } | null> {
  try {
    const body = (await response.json()) as { error?: { zh?: unknown; en?: unknown } };
    const { zh, en } = body.error ?? {};
    return typeof zh === "string" && typeof en === "string" ? { zh, en } : null;
  } catch {
    return null;
  }
}
