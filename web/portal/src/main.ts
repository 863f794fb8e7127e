/** Entry of the portal: one page for the public, for applicants and for merchants. */

import { Quasar } from "quasar";
import { createApp } from "vue";
import "quasar/dist/quasar.css";
import "@tongbao/shared/tokens.css";
import "./style/base.css";
import "./style/forms.css";
import App from "./App.vue";
import { firstLanguage, i18n, setLanguage } from "./i18n";
import { router } from "./router";
import { startTheme } from "./theme";
import { learnWorld } from "./world";

const language = firstLanguage();
setLanguage(language);
const app = createApp(App).use(Quasar, { config: { dark: false } });
setLanguage(language); // Again: Quasar names the page's language by its own.
app.use(i18n).use(router);
startTheme();
void learnWorld();
app.mount("#app");

// Only where a page is reached over a secure address; without it there is no offline page.
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  void navigator.serviceWorker.register("/portal/worker.js", { scope: "/portal/" }).catch(() => undefined);
}
