import { Alert, Button, Group } from "@mantine/core";
import { IconWifi, IconWifiOff } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { connectNow, type LiveState } from "../../live/listening";
import classes from "./ConnectionBanner.module.css";

const SAID_MS = 4000;

/** Says that what is shown may be old while there is no connection, and when it is fresh again. */
export function ConnectionBanner({ state }: { state: LiveState }) {
  const { t } = useTranslation();
  const back = useIsBack(state);
  return (
    <div role="status" className={state === "closed" || back ? classes.banner : undefined}>
      {state === "closed" && (
        <Alert color="yellow" icon={<IconWifiOff size={18} />}>
          <Group justify="space-between" gap="xs">
            {t("connection.closed")}
            <Button size="compact-sm" variant="default" onClick={connectNow}>
              {t("connection.now")}
            </Button>
          </Group>
        </Alert>
      )}
      {back && (
        <Alert color="teal" icon={<IconWifi size={18} />}>
          {t("connection.back")}
        </Alert>
      )}
    </div>
  );
}

/** Returns whether the connection was lost and has just come back. */
function useIsBack(state: LiveState): boolean {
  const [lost, setLost] = useState(false);
  const back = lost && state === "open";
  if (state === "closed" && !lost) setLost(true);
  useEffect(() => {
    if (!back) return;
    const timer = setTimeout(() => setLost(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [back]);
  return back;
}
