import { ActionIcon, Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { prefer } from "../../preferences";
import classes from "./Frame.module.css";

/** Folds the navigation to icons, and unfolds it; this device remembers it. */
export function FoldButton({ folded }: { folded: boolean }) {
  const { t } = useTranslation();
  const label = folded ? t("nav.unfold") : t("nav.fold");
  return (
    <div className={classes.foot}>
      <Tooltip label={label} position="right">
        <ActionIcon
          size="lg"
          aria-label={label}
          aria-expanded={!folded}
          onClick={() => prefer({ folded: !folded })}
        >
          {folded ? (
            <IconLayoutSidebarLeftExpand size={18} stroke={1.6} />
          ) : (
            <IconLayoutSidebarLeftCollapse size={18} stroke={1.6} />
          )}
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
