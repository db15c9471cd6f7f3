import { Indicator, NavLink, Text, Tooltip } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNewest, useSession } from "../../api/account";
import classes from "./Frame.module.css";
import { OPERATORS, OWN, type Place, placeAt } from "./places";

type Props = { folded?: boolean; onGo?: () => void };

/** The pages that there are; those of the operator for admins only. Folded, they are icons with their names on hover. */
export function Navigation({ folded = false, onGo }: Props) {
  const { t } = useTranslation();
  const admin = useSession()?.account.role === "ADMIN";
  const unread = useNewest().data?.unread ?? 0;
  const linkTo = (place: Place, marked = false) => (
    <PlaceLink key={place.to} place={place} marked={marked} folded={folded} onGo={onGo} />
  );
  return (
    <>
      {OWN.map((place) => linkTo(place, place.to === "/notifications" && unread > 0))}
      {admin && (
        <>
          <Text className={classes.part} data-folded={folded || undefined}>
            {folded ? "" : t("nav.operatorPart")}
          </Text>
          {OPERATORS.map((place) => linkTo(place))}
        </>
      )}
    </>
  );
}

type LinkProps = { place: Place; marked: boolean; folded: boolean; onGo: (() => void) | undefined };

function PlaceLink({ place, marked, folded, onGo }: LinkProps) {
  const { t } = useTranslation();
  const here = placeAt(useLocation().pathname)?.place.to === place.to;
  const Icon = place.icon;
  const name = t(place.text);
  return (
    <Tooltip label={name} position="right" disabled={!folded}>
      <NavLink
        renderRoot={(props) => <Link to={place.to} activeOptions={{ exact: true }} {...props} />}
        className={classes.place}
        label={folded ? undefined : name}
        aria-label={folded ? name : undefined}
        active={here}
        onClick={() => onGo?.()}
        leftSection={
          <Indicator disabled={!marked} size={8} offset={2} className={classes.icon}>
            <Icon size={18} stroke={1.6} />
          </Indicator>
        }
      />
    </Tooltip>
  );
}
