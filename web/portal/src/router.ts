/** The addresses. A merchant's pages carry its number, so that a link means what it meant when sent. */

import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

const routes: RouteRecordRaw[] = [
  { path: "/", name: "public", component: () => import("./pages/public/PublicPage.vue") },
  { path: "/:rest(.*)*", name: "missing", component: () => import("./pages/MissingPage.vue") },
];

export const router = createRouter({
  history: createWebHistory("/"),
  routes,
  scrollBehavior: (to, _from, saved) => saved ?? (to.hash === "" ? { top: 0 } : { el: to.hash, top: 80 }),
});
