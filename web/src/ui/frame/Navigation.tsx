import { Indicator, NavLink, Text } from "@mantine/core";
import {
  IconBell,
  IconDatabase,
  IconHeartRateMonitor,
  IconReceipt,
  IconRobot,
  IconShoppingBag,
  IconUsers,
} from "@tabler/icons-react";
import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNotifications, useSession } from "../../api/account";

const OWN = [
  { to: "/adbots", text: "nav.adbots", icon: IconRobot },
  { to: "/orders", text: "nav.orders", icon: IconReceipt },
  { to: "/notifications", text: "nav.notifications", icon: IconBell },
] as const;

const OPERATORS = [
  { to: "/operator", text: "nav.operator", icon: IconHeartRateMonitor },
  { to: "/operator/orders", text: "nav.allOrders", icon: IconShoppingBag },
  { to: "/operator/accounts", text: "nav.accounts", icon: IconUsers },
  { to: "/operator/stock", text: "nav.stock", icon: IconDatabase },
] as const;

/** The places that there are; those of the operator for admins only. */
export function Navigation({ onGo }: { onGo: () => void }) {
  const { t } = useTranslation();
  const admin = useSession()?.account.role === "ADMIN";
  const unread = useNotifications().data?.unread ?? 0;
  return (
    <>
      {OWN.map((place) => (
        <PlaceLink
          key={place.to}
          place={place}
          marked={place.to === "/notifications" && unread > 0}
          onGo={onGo}
        />
      ))}
      {admin && (
        <>
          <Text size="xs" c="var(--quiet)" fw={500} px="sm" pt="md" pb={4}>
            {t("nav.operatorPart")}
          </Text>
          {OPERATORS.map((place) => (
            <PlaceLink key={place.to} place={place} marked={false} onGo={onGo} />
          ))}
        </>
      )}
    </>
  );
}

type Place = (typeof OWN)[number] | (typeof OPERATORS)[number];

function PlaceLink({ place, marked, onGo }: { place: Place; marked: boolean; onGo: () => void }) {
  const { t } = useTranslation();
  const here = useLocation().pathname;
  const active = place.to === "/operator" ? here === place.to : here.startsWith(place.to);
  const Icon = place.icon;
  return (
    <NavLink
      renderRoot={(props) => (
        <Link to={place.to} activeOptions={{ exact: place.to === "/operator" }} {...props} />
      )}
      label={t(place.text)}
      active={active}
      onClick={onGo}
      leftSection={
        <Indicator disabled={!marked} size={8} offset={2}>
          <Icon size={18} stroke={1.6} />
        </Indicator>
      }
    />
  );
}
