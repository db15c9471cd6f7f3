import { Alert } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Says which services do not answer, so that what they know is not shown. */
export function Unanswered({ services }: { services: string[] }) {
  const { t } = useTranslation();
  if (services.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" icon={<IconPlugConnectedX size={18} />}>
      {t("health.unanswered", { count: services.length, services: services.join(", ") })}
    </Alert>
  );
}
