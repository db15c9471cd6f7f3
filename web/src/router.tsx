import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { restoredSession } from "./api/account";
import { isOwnPath } from "./paths";
import { PublicFrame } from "./ui/frame/PublicFrame";
import { MissingPage } from "./ui/MissingPage";
import { ProblemPage } from "./ui/ProblemPage";

const root = createRootRoute({ notFoundComponent: MissingPage, errorComponent: ProblemPage });

const open = createRoute({ getParentRoute: () => root, id: "open", component: PublicFrame });

const home = createRoute({
  getParentRoute: () => open,
  path: "/",
  component: lazyRouteComponent(() => import("./routes/home"), "HomePage"),
});

const checkout = createRoute({
  getParentRoute: () => open,
  path: "/buy/$plan",
  component: lazyRouteComponent(() => import("./routes/checkout"), "CheckoutPage"),
});

const payment = createRoute({
  getParentRoute: () => open,
  path: "/pay/$order",
  component: lazyRouteComponent(() => import("./routes/payment"), "PaymentPage"),
});

const signIn = createRoute({
  getParentRoute: () => open,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" && isOwnPath(search.next) ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("./routes/sign-in"), "SignInPage"),
});

const client = createRoute({
  getParentRoute: () => root,
  id: "client",
  component: lazyRouteComponent(() => import("./ui/frame/ClientFrame"), "ClientFrame"),
  beforeLoad: async ({ location }) => {
    if ((await restoredSession()) === null) {
      throw redirect({ to: "/sign-in", search: { next: location.href } });
    }
  },
});

const adbots = createRoute({
  getParentRoute: () => client,
  path: "/adbots",
  component: lazyRouteComponent(() => import("./routes/adbots"), "AdbotsPage"),
});

export const ADBOT_TABS = ["log", "groups", "post", "figures"] as const;
export type AdbotTab = (typeof ADBOT_TABS)[number];

const adbot = createRoute({
  getParentRoute: () => client,
  path: "/adbots/$adbot",
  validateSearch: (search: Record<string, unknown>): { tab?: AdbotTab } => {
    const tab = ADBOT_TABS.find((one) => one === search.tab);
    return tab === undefined ? {} : { tab };
  },
  component: lazyRouteComponent(() => import("./routes/adbot"), "AdbotPage"),
});

const orders = createRoute({
  getParentRoute: () => client,
  path: "/orders",
  component: lazyRouteComponent(() => import("./routes/orders"), "OrdersPage"),
});

const notifications = createRoute({
  getParentRoute: () => client,
  path: "/notifications",
  component: lazyRouteComponent(() => import("./routes/notifications"), "NotificationsPage"),
});

const operator = createRoute({
  getParentRoute: () => client,
  path: "/operator",
  component: lazyRouteComponent(() => import("./routes/operator/overview"), "OperatorPage"),
});

const allOrders = createRoute({
  getParentRoute: () => client,
  path: "/operator/orders",
  component: lazyRouteComponent(() => import("./routes/operator/orders"), "AllOrdersPage"),
});

const anyOrder = createRoute({
  getParentRoute: () => client,
  path: "/operator/orders/$order",
  component: lazyRouteComponent(() => import("./routes/operator/order"), "AnyOrderPage"),
});

const accounts = createRoute({
  getParentRoute: () => client,
  path: "/operator/accounts",
  component: lazyRouteComponent(() => import("./routes/operator/accounts"), "AccountsPage"),
});

const stock = createRoute({
  getParentRoute: () => client,
  path: "/operator/stock",
  component: lazyRouteComponent(() => import("./routes/operator/stock"), "StockPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    open.addChildren([home, checkout, payment, signIn]),
    client.addChildren([
      adbots,
      adbot,
      orders,
      notifications,
      operator,
      allOrders,
      anyOrder,
      accounts,
      stock,
    ]),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
