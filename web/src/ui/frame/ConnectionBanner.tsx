import { Alert } from "@mantine/core";
import { IconWifiOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { LiveState } from "../../live/listening";

/** Says that what is shown may be old, while there is no connection. */
export function ConnectionBanner({ state }: { state: LiveState }) {
  const { t } = useTranslation();
  return (
    <div role="status">
      {state === "closed" && (
        <Alert color="yellow" icon={<IconWifiOff size={18} />} mb="md">
          {t("connection.closed")}
        </Alert>
      )}
    </div>
  );
}
