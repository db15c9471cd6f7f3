import { IconBroadcast, IconUsersGroup } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./Forwarding.module.css";

const GROUPS = ["one", "two", "three", "four"] as const;

/** A drawing: one post goes to each of several groups. */
export function Forwarding() {
  const { t } = useTranslation();
  return (
    <div className={classes.drawing} role="img" aria-label={t("home.drawing")}>
      <div className={classes.post}>
        <IconBroadcast size={22} stroke={1.6} />
        <span>{t("home.yourPost")}</span>
        <i />
        <i />
      </div>
      <svg className={classes.lines} viewBox="0 0 100 200" preserveAspectRatio="none" aria-hidden="true">
        {GROUPS.map((group, index) => (
          <path key={group} d={`M0 100 C 60 100 40 ${25 + index * 50} 100 ${25 + index * 50}`} />
        ))}
      </svg>
      <div className={classes.groups}>
        {GROUPS.map((group) => (
          <div key={group} className={classes.group}>
            <IconUsersGroup size={16} stroke={1.6} />
            <i />
          </div>
        ))}
      </div>
    </div>
  );
}
