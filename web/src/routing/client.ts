import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { DeliveryState, OrderStatus } from "../api/schema";
import { adbotSearch } from "./adbot-search";
import { client } from "./parents";
import { oneOf, type Search, texts } from "./searching";
import { DELIVERY_STATES, ORDER_STATUSES } from "./states";

const adbots = createRoute({
  getParentRoute: () => client,
  path: "/adbots",
  component: lazyRouteComponent(() => import("../routes/adbots"), "AdbotsPage"),
});

const adbot = createRoute({
  getParentRoute: () => client,
  path: "/adbots/$adbot",
  validateSearch: adbotSearch,
  component: lazyRouteComponent(() => import("../routes/adbot"), "AdbotPage"),
});

const orders = createRoute({
  getParentRoute: () => client,
  path: "/orders",
  validateSearch: (search: Search): { status?: OrderStatus } => oneOf("status", ORDER_STATUSES, search),
  component: lazyRouteComponent(() => import("../routes/orders"), "OrdersPage"),
});

const groupLists = createRoute({
  getParentRoute: () => client,
  path: "/group-lists",
  component: lazyRouteComponent(() => import("../routes/group-lists"), "GroupListsPage"),
});

const newGroupList = createRoute({
  getParentRoute: () => client,
  path: "/group-lists/new",
  component: lazyRouteComponent(() => import("../routes/group-lists"), "NewGroupListPage"),
});

const groupList = createRoute({
  getParentRoute: () => client,
  path: "/group-lists/$list",
  component: lazyRouteComponent(() => import("../routes/group-lists"), "GroupListPage"),
});

const notifications = createRoute({
  getParentRoute: () => client,
  path: "/notifications",
  validateSearch: (search: Search): { only?: "unread" } => oneOf("only", ["unread"], search),
  component: lazyRouteComponent(() => import("../routes/notifications"), "NotificationsPage"),
});

export const PROFILE_TABS = ["account", "devices", "security", "keys", "webhooks", "preferences"] as const;
export type ProfileTab = (typeof PROFILE_TABS)[number];

type ProfileSearch = { tab?: ProfileTab; webhook?: string; state?: DeliveryState };

const profile = createRoute({
  getParentRoute: () => client,
  path: "/profile",
  validateSearch: (search: Search): ProfileSearch => ({
    ...oneOf("tab", PROFILE_TABS, search),
    ...oneOf("state", DELIVERY_STATES, search),
    ...texts(search, "webhook"),
  }),
  component: lazyRouteComponent(() => import("../routes/profile"), "ProfilePage"),
});

export const clientRoutes = [
  adbots,
  adbot,
  groupLists,
  newGroupList,
  groupList,
  orders,
  notifications,
  profile,
] as const;
