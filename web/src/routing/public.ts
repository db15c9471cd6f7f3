import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { isOwnPath } from "../paths";
import { open } from "./parents";

const home = createRoute({
  getParentRoute: () => open,
  path: "/",
  component: lazyRouteComponent(() => import("../routes/home"), "HomePage"),
});

const checkout = createRoute({
  getParentRoute: () => open,
  path: "/buy/$plan",
  validateSearch: (search: Record<string, unknown>): { coin?: string } =>
    typeof search.coin === "string" ? { coin: search.coin } : {},
  component: lazyRouteComponent(() => import("../routes/checkout"), "CheckoutPage"),
});

const payment = createRoute({
  getParentRoute: () => open,
  path: "/pay/$order",
  component: lazyRouteComponent(() => import("../routes/payment"), "PaymentPage"),
});

const signIn = createRoute({
  getParentRoute: () => open,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" && isOwnPath(search.next) ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("../routes/sign-in"), "SignInPage"),
});

export const publicRoutes = [home, checkout, payment, signIn] as const;
