import { createRouter } from "@tanstack/react-router";
import { clientRoutes } from "./routing/client";
import { eventRoutes } from "./routing/events";
import { operatorRoutes } from "./routing/operator";
import { client, open, root } from "./routing/parents";
import { publicRoutes } from "./routing/public";

export const router = createRouter({
  routeTree: root.addChildren([
    open.addChildren([...publicRoutes]),
    client.addChildren([...clientRoutes, ...operatorRoutes, ...eventRoutes]),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
  // the page of another thing keeps nothing that was typed or refused on the one before
  defaultRemountDeps: ({ params }) => params,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
