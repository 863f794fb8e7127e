/** What the page knows of the world it is in, and the one client that all pages ask through. */

import { reactive } from "vue";
import { Accounts } from "./api/accounts";
import { Client } from "./api/client";
import { languageTag } from "./i18n";

export const world = reactive({ sandbox: false });

let onSessionLost: () => void = () => undefined;
let askSecondFactor: () => Promise<boolean> = async () => false;

/** Say what happens when a request finds nobody logged in. */
export function whenSessionLost(act: () => void): void {
  onSessionLost = act;
}

/** Say how a person is asked for the second factor in the middle of an act. */
export function whenSecondFactorNeeded(ask: () => Promise<boolean>): void {
  askSecondFactor = ask;
}

export const client = new Client({
  fetch: (url, options) => window.fetch(url, options),
  language: languageTag,
  sessionLost: () => onSessionLost(),
  secondFactor: () => askSecondFactor(),
});

export const accounts = new Accounts(client);

/** Ask once what kind of world this is; without an answer it is taken for a real one. */
export async function learnWorld(): Promise<void> {
  try {
    world.sandbox = (await client.start()).sandbox;
  } catch {
    // The pages say so themselves as soon as they need the server.
  }
}
