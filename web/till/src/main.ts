/** Entry of the till page: one link to the terminal process that served it. */

import { Quasar } from "quasar";
import { createApp } from "vue";
import "quasar/dist/quasar.css";
import "@tongbao/shared/tokens.css";
import "./parts/base.css";
import App from "./App.vue";
import { i18n, setLanguage } from "./i18n";
import { Sounds } from "./sound";
import { createTill, readPreferences, TILL } from "./till";

const preferences = readPreferences(navigator.languages);
setLanguage(preferences.language);

/** A random UUID, also where the page was not reached over a secure address. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const sounds = new Sounds(() => new AudioContext());
const till = createTill(
  {
    connect: () => {
      const scheme = window.location.protocol === "https:" ? "wss" : "ws";
      return new WebSocket(`${scheme}://${window.location.host}/ws`);
    },
    later: (ms, act) => {
      const timer = window.setTimeout(act, ms);
      return () => window.clearTimeout(timer);
    },
    newId,
    now: () => performance.now(),
  },
  sounds,
  preferences,
);

const app = createApp(App).use(Quasar, { config: { dark: false } });
setLanguage(preferences.language); // Again: Quasar names the page's language by its own.
app.use(i18n).provide(TILL, till).mount("#app");
till.link.open();
