/** What the page knows of the world it is in, and the one client that all pages ask through. */

import { reactive } from "vue";
import { Client } from "./api/client";
import { languageTag } from "./i18n";

export const world = reactive({ sandbox: false });

let onSessionLost: () => void = () => undefined;

/** Say what happens when a request finds nobody logged in. */
export function whenSessionLost(act: () => void): void {
  onSessionLost = act;
}

export const client = new Client({
  fetch: (url, options) => window.fetch(url, options),
  language: languageTag,
  sessionLost: () => onSessionLost(),
});

/** Ask once what kind of world this is; without an answer it is taken for a real one. */
export async function learnWorld(): Promise<void> {
  try {
    world.sandbox = (await client.start()).sandbox;
  } catch {
    // The pages say so themselves as soon as they need the server.
  }
}
