import { useTranslation } from "react-i18next";
import { SERVICES } from "../../routing/states";
import classes from "./Events.module.css";

/** A service by its word; the dot's colour only repeats it. */
export function ServiceName({ service }: { service: string }) {
  const { t } = useTranslation();
  const known = SERVICES.find((one) => one === service);
  return (
    <span className={classes.service} data-service={service}>
      {known === undefined ? service : t(`events.service.${known}`)}
    </span>
  );
}
