import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { client } from "./parents";
import { type Search, texts } from "./searching";

/** What stands in the address of the page of events; ids with many digits are texts. */
type EventsSearch = { id?: string; service?: string; type?: string; stream?: string };

const events = createRoute({
  getParentRoute: () => client,
  path: "/operator/events",
  validateSearch: (search: Search): EventsSearch => texts(search, "id", "service", "type", "stream"),
  component: lazyRouteComponent(() => import("../routes/operator/events/events"), "EventsPage"),
});

const eventTree = createRoute({
  getParentRoute: () => client,
  path: "/operator/events/tree/$correlation",
  validateSearch: (search: Search): { event?: string } => texts(search, "event"),
  component: lazyRouteComponent(() => import("../routes/operator/events/tree"), "EventTreePage"),
});

const eventStream = createRoute({
  getParentRoute: () => client,
  path: "/operator/events/stream/$stream",
  validateSearch: (search: Search): { version?: number } => {
    const version = Number(search.version);
    return Number.isSafeInteger(version) && version > 0 ? { version } : {};
  },
  component: lazyRouteComponent(() => import("../routes/operator/events/stream"), "EventStreamPage"),
});

export const eventRoutes = [events, eventTree, eventStream] as const;
