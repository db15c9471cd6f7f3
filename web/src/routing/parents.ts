import { createRootRoute, createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { restoredSession } from "../api/account";
import { PublicFrame } from "../ui/frame/PublicFrame";
import { MissingScreen } from "../ui/MissingScreen";
import { ProblemPage } from "../ui/ProblemPage";

export const root = createRootRoute({ notFoundComponent: MissingScreen, errorComponent: ProblemPage });

/** Of pages for everybody. */
export const open = createRoute({ getParentRoute: () => root, id: "open", component: PublicFrame });

/** Of pages for those who are signed in; others sign in first, and go on where they wanted to go. */
export const client = createRoute({
  getParentRoute: () => root,
  id: "client",
  component: lazyRouteComponent(async () => {
    const [frame] = await Promise.all([import("../ui/frame/ClientFrame"), import("../texts/client")]);
    return frame;
  }, "ClientFrame"),
  beforeLoad: async ({ location }) => {
    if ((await restoredSession()) === null) {
      throw redirect({ to: "/sign-in", search: { next: location.href } });
    }
  },
});
