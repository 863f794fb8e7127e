/** The addresses. A merchant's pages carry its number, so that a link means what it meant when sent. */

import { h } from "vue";
import { createRouter, createWebHistory, useRoute, type RouteRecordRaw } from "vue-router";
import { forgetSession, learnSession, session } from "./session";
import { whenSecondFactorNeeded, whenSessionLost } from "./world";
import { askAgain } from "./parts/AgainDialog.vue";
import ShopFrame from "./parts/ShopFrame.vue";

/** A frame of its own for each merchant: with the number changes everything below. */
const EachShop = {
  setup() {
    const route = useRoute();
    return () => {
      const merchantId = String(route.params["merchantId"]);
      return h(ShopFrame, { key: merchantId, merchantId });
    };
  },
};

const shopRoutes: RouteRecordRaw[] = [
  { path: "", name: "home", component: () => import("./pages/shop/HomePage.vue") },
  { path: "payments", name: "payments", component: () => import("./pages/shop/PaymentsPage.vue") },
  {
    path: "payments/:rrn",
    name: "payment",
    meta: { menu: "payments" },
    props: true,
    component: () => import("./pages/shop/PaymentPage.vue"),
  },
  { path: "terminals", name: "terminals", component: () => import("./pages/shop/TerminalsPage.vue") },
  { path: "terminals/:terminalId", name: "terminal", meta: { menu: "terminals" }, props: true, component: () => import("./pages/shop/TerminalPage.vue") },
  { path: "terminals/:terminalId/settings", name: "terminalSettings", meta: { menu: "terminals" }, props: true, component: () => import("./pages/shop/SettingsPage.vue") },
  { path: "settings", name: "settings", meta: { menu: "terminals" }, component: () => import("./pages/shop/SettingsPage.vue") },
  { path: "shops/:shopId/settings", name: "shopSettings", meta: { menu: "shops" }, props: true, component: () => import("./pages/shop/SettingsPage.vue") },
  { path: "activate", name: "activate", meta: { menu: "terminals" }, component: () => import("./pages/shop/ActivatePage.vue") },
  { path: "shops", name: "shops", component: () => import("./pages/shop/ShopsPage.vue") },
  { path: "operators", name: "operators", component: () => import("./pages/shop/OperatorsPage.vue") },
  { path: "staff", name: "staff", component: () => import("./pages/shop/StaffPage.vue") },
  { path: "contract", name: "contract", component: () => import("./pages/shop/ContractPage.vue") },
  { path: "webhooks", name: "webhooks", component: () => import("./pages/shop/WebhooksPage.vue") },
  { path: "audit", name: "audit", component: () => import("./pages/shop/AuditPage.vue") },
  { path: "keys", name: "keys", component: () => import("./pages/shop/KeysPage.vue") },
];

const routes: RouteRecordRaw[] = [
  { path: "/", name: "public", component: () => import("./pages/public/PublicPage.vue") },
  { path: "/portal/login", name: "login", component: () => import("./pages/login/LogInPage.vue") },
  { path: "/portal/register", name: "register", component: () => import("./pages/login/RegisterPage.vue") },
  { path: "/portal/password/forgotten", name: "forgotten", component: () => import("./pages/login/ForgottenPage.vue") },
  { path: "/portal/password/reset/:key", name: "reset", component: () => import("./pages/login/FirstPasswordPage.vue") },
  { path: "/portal/invitation/:key", name: "invitation", component: () => import("./pages/login/FirstPasswordPage.vue") },
  { path: "/portal", name: "choose", meta: { person: true }, component: () => import("./pages/ChoosePage.vue") },
  { path: "/portal/apply", name: "apply", meta: { person: true }, component: () => import("./pages/apply/StartPage.vue") },
  { path: "/portal/applications", name: "applications", meta: { person: true }, component: () => import("./pages/apply/ApplicationsPage.vue") },
  { path: "/portal/applications/:applicationId", name: "application", meta: { person: true }, props: true, component: () => import("./pages/apply/ApplicationPage.vue") },
  { path: "/portal/account", name: "account", meta: { person: true }, component: () => import("./pages/account/AccountPage.vue") },
  { path: "/portal/account/security", name: "security", meta: { person: true }, component: () => import("./pages/account/AccountPage.vue") },
  { path: "/portal/m/:merchantId", meta: { person: true }, component: EachShop, children: shopRoutes },
  { path: "/portal/unreachable", name: "unreachable", component: () => import("./pages/UnreachablePage.vue") },
  { path: "/:rest(.*)*", name: "missing", component: () => import("./pages/MissingPage.vue") },
];

export const router = createRouter({
  history: createWebHistory("/"),
  routes,
  scrollBehavior: (to, from, saved) => {
    if (saved !== null) {
      return saved;
    }
    return to.hash !== "" ? { el: to.hash, top: 80 } : to.path === from.path ? {} : { top: 0 };
  },
});

router.beforeEach(async (to) => {
  if (to.meta["person"] !== true || session.state === "in") {
    return true;
  }
  try {
    return (await learnSession()) || { name: to.name === "apply" ? "register" : "login", query: { next: to.fullPath } };
  } catch {
    return { name: "unreachable", query: { next: to.fullPath } };
  }
});

// Somebody's log-in has ended while pages were open: log in, and be back where one was.
whenSessionLost(() => {
  const here = router.currentRoute.value;
  if (session.state === "in" && here.meta["person"] === true) {
    forgetSession();
    void router.push({ name: "login", query: { lost: "", next: here.fullPath } });
  }
});
whenSecondFactorNeeded(askAgain);
