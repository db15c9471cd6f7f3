import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { AccountStatus, AdbotStatus, OrderStatus, Role, SessionState } from "../api/schema";
import type { StreamKey } from "../api/system";
import { adbotSearch } from "./adbot-search";
import { client } from "./parents";
import { oneOf, type Search, texts } from "./searching";
import {
  ACCOUNT_STATUSES,
  ADBOT_STATUSES,
  BLOCK_KINDS,
  type BlockKind,
  ORDER_STATUSES,
  ROLES,
  SESSION_STATES,
} from "./states";
import { streamKey } from "./stream-key";

export const ACCOUNT_TABS = ["adbots", "orders", "devices", "apiKeys", "webhooks", "groupLists"] as const;
export type AccountTab = (typeof ACCOUNT_TABS)[number];

const operator = createRoute({
  getParentRoute: () => client,
  path: "/operator",
  component: lazyRouteComponent(() => import("../routes/operator/overview"), "OperatorPage"),
});

const allOrders = createRoute({
  getParentRoute: () => client,
  path: "/operator/orders",
  validateSearch: (search: Search): { status?: OrderStatus; text?: string; account?: string } => ({
    ...oneOf("status", ORDER_STATUSES, search),
    ...texts(search, "text", "account"),
  }),
  component: lazyRouteComponent(() => import("../routes/operator/orders"), "AllOrdersPage"),
});

const anyOrder = createRoute({
  getParentRoute: () => client,
  path: "/operator/orders/$order",
  component: lazyRouteComponent(() => import("../routes/operator/order"), "AnyOrderPage"),
});

const allAdbots = createRoute({
  getParentRoute: () => client,
  path: "/operator/adbots",
  validateSearch: (search: Search): { status?: AdbotStatus; text?: string; account?: string } => ({
    ...oneOf("status", ADBOT_STATUSES, search),
    ...texts(search, "text", "account"),
  }),
  component: lazyRouteComponent(() => import("../routes/operator/adbots"), "AllAdbotsPage"),
});

const anyAdbot = createRoute({
  getParentRoute: () => client,
  path: "/operator/adbots/$adbot",
  validateSearch: adbotSearch,
  component: lazyRouteComponent(() => import("../routes/operator/adbot"), "AnyAdbotPage"),
});

const accounts = createRoute({
  getParentRoute: () => client,
  path: "/operator/accounts",
  validateSearch: (search: Search): { role?: Role; status?: AccountStatus; text?: string } => ({
    ...oneOf("role", ROLES, search),
    ...oneOf("status", ACCOUNT_STATUSES, search),
    ...texts(search, "text"),
  }),
  component: lazyRouteComponent(() => import("../routes/operator/accounts"), "AccountsPage"),
});

const listsOfAccount = createRoute({
  getParentRoute: () => client,
  path: "/operator/accounts/$account/group-lists",
  component: lazyRouteComponent(() => import("../routes/operator/group-lists"), "ListsOfAccount"),
});

const groupListRoutes = [
  createRoute({
    getParentRoute: () => listsOfAccount,
    path: "/",
    component: lazyRouteComponent(() => import("../routes/group-lists"), "GroupListsPage"),
  }),
  createRoute({
    getParentRoute: () => listsOfAccount,
    path: "/new",
    component: lazyRouteComponent(() => import("../routes/group-lists"), "NewGroupListPage"),
  }),
  createRoute({
    getParentRoute: () => listsOfAccount,
    path: "/$list",
    component: lazyRouteComponent(() => import("../routes/group-lists"), "GroupListPage"),
  }),
] as const;

const anyAccount = createRoute({
  getParentRoute: () => client,
  path: "/operator/accounts/$account",
  validateSearch: (search: Search): { tab?: AccountTab } => oneOf("tab", ACCOUNT_TABS, search),
  component: lazyRouteComponent(() => import("../routes/operator/account"), "AnyAccountPage"),
});

const stock = createRoute({
  getParentRoute: () => client,
  path: "/operator/stock",
  validateSearch: (search: Search): { state?: SessionState; text?: string } => ({
    ...oneOf("state", SESSION_STATES, search),
    ...texts(search, "text"),
  }),
  component: lazyRouteComponent(() => import("../routes/operator/stock"), "StockPage"),
});

const catalogue = createRoute({
  getParentRoute: () => client,
  path: "/operator/catalogue",
  validateSearch: (search: Search): { sale?: "on" | "off" } => oneOf("sale", ["on", "off"], search),
  component: lazyRouteComponent(() => import("../routes/operator/catalogue"), "CataloguePage"),
});

const blocked = createRoute({
  getParentRoute: () => client,
  path: "/operator/blocked",
  validateSearch: (search: Search): { kind?: BlockKind; text?: string } => ({
    ...oneOf("kind", BLOCK_KINDS, search),
    ...texts(search, "text"),
  }),
  component: lazyRouteComponent(() => import("../routes/operator/blocked"), "BlockedPage"),
});

const privateIds = createRoute({
  getParentRoute: () => client,
  path: "/operator/private-ids",
  validateSearch: (search: Search): { text?: string } => texts(search, "text"),
  component: lazyRouteComponent(() => import("../routes/operator/private-ids"), "PrivateIdsPage"),
});

const activity = createRoute({
  getParentRoute: () => client,
  path: "/operator/activity",
  validateSearch: (
    search: Search,
  ): { actor?: string; operation?: string; text?: string; from?: string; to?: string } =>
    texts(search, "actor", "operation", "text", "from", "to"),
  component: lazyRouteComponent(() => import("../routes/operator/activity"), "ActivityPage"),
});

const health = createRoute({
  getParentRoute: () => client,
  path: "/operator/health",
  component: lazyRouteComponent(() => import("../routes/operator/health"), "HealthPage"),
});

const deadLetters = createRoute({
  getParentRoute: () => client,
  path: "/operator/dead-letters",
  validateSearch: (search: Search): { open?: StreamKey } => {
    const open = streamKey(search.open);
    return open === null ? {} : { open };
  },
  component: lazyRouteComponent(() => import("../routes/operator/dead-letters"), "DeadLettersPage"),
});

const tables = createRoute({
  getParentRoute: () => client,
  path: "/operator/tables",
  validateSearch: (search: Search): { service?: string } => texts(search, "service"),
  component: lazyRouteComponent(() => import("../routes/operator/tables"), "TablesPage"),
});

export const operatorRoutes = [
  operator,
  allOrders,
  anyOrder,
  allAdbots,
  anyAdbot,
  accounts,
  anyAccount,
  listsOfAccount.addChildren(groupListRoutes),
  stock,
  catalogue,
  blocked,
  privateIds,
  activity,
  health,
  deadLetters,
  tables,
] as const;
