import type { Icon } from "@tabler/icons-react";
import { IconReceipt, IconRobot, IconShoppingBag, IconTimeline, IconUser } from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useSession } from "../../api/account";
import { type LookUpState, useLookUp } from "../../api/finding";
import type { AdbotState, OrderLine } from "../../api/schema";
import { placesOf } from "../../ui/frame/places";
import { askedBy, explorable, explorerOf, matches } from "./asked";

/** One thing that was found: where it leads, and what is shown of it. */
type Found = { to: string; icon: Icon; title: string; more?: string | undefined };
export type FoundGroup = { head: string; items: Found[] };

const MOST = 8;

/** Returns what there is for a text, for operators also of others, and whether all has been looked through. */
export function useFound(typed: string): { groups: FoundGroup[]; state: LookUpState } {
  const { t } = useTranslation();
  const asked = askedBy(typed);
  const { text } = asked;
  const admin = useSession()?.account.role === "ADMIN";
  const known = useLookUp(text, asked.kind === "id");
  const has = usePages();

  const pages = placesOf(admin)
    .filter((place) => matches(text, t(place.text)))
    .map((place) => ({ to: place.to, icon: place.icon, title: t(place.text) }));
  const own = known.adbots.filter((one) => matches(text, one.plan.name, one.id, one.order_number));
  if (known.adbot !== undefined && !own.some(({ id }) => id === known.adbot?.id)) own.push(known.adbot);
  const others = known.anyAdbot === undefined ? known.anyAdbots : [known.anyAdbot];
  const accounts = known.anyAccount === undefined ? known.anyAccounts : [known.anyAccount];

  const groups = [
    { head: t("finding.pages"), items: pages },
    { head: t("finding.adbots"), items: own.map((one) => adbot(one, `/adbots/${one.id}`)) },
    {
      head: t("finding.orders"),
      items: known.orders.map((one) => order(one, `/pay/${one.order_number}`, IconReceipt)),
    },
    {
      head: t("finding.allOrders"),
      items: known.anyOrders.map((one) =>
        order(one, `/operator/orders/${one.order_number}`, IconShoppingBag),
      ),
    },
    {
      head: t("finding.allAdbots"),
      items: has("/operator/adbots/$adbot")
        ? others.map((one) => adbot(one, `/operator/adbots/${one.id}`))
        : [],
    },
    {
      head: t("finding.accounts"),
      items: has("/operator/accounts/$account")
        ? accounts.map((one) => ({
            to: `/operator/accounts/${one.id}`,
            icon: IconUser,
            title: one.email ?? one.id,
            more: t(`role.${one.role}`),
          }))
        : [],
    },
  ];
  const id = explorable(typed);
  if (admin && has("/operator/events") && id !== null) {
    const title = t("finding.lookUp", { id });
    groups.push({ head: t("finding.events"), items: [{ to: explorerOf(id), icon: IconTimeline, title }] });
  }
  const shown = groups
    .map(({ head, items }) => ({ head, items: head === t("finding.pages") ? items : items.slice(0, MOST) }))
    .filter(({ items }) => items.length > 0);
  return { groups: shown, state: known.state };
}

/** Returns a function that says whether there is a page at a path. */
function usePages(): (path: string) => boolean {
  const { routesByPath } = useRouter();
  return (path) => path in routesByPath;
}

function adbot(one: Pick<AdbotState, "id" | "order_number" | "plan">, to: string): Found {
  return { to, icon: IconRobot, title: one.plan.name, more: one.order_number };
}

function order(one: OrderLine, to: string, icon: Icon): Found {
  return { to, icon, title: one.order_number, more: one.plan_name };
}
