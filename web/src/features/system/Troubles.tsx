import { Alert, List, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { SystemHealth } from "../../api/schema";

/** What is wrong in words, and what to do about it; or that nothing is. */
export function Troubles({ health }: { health: SystemHealth }) {
  const { t } = useTranslation();
  const silent = health.services.filter((one) => one.state === "SILENT").map((one) => one.service);
  const troubles = [
    ...(health.broker === null ? [t("health.brokerSilent")] : []),
    ...silent.map((service) => t("health.silent", { service })),
    ...health.services.filter((one) => one.state !== "SILENT").flatMap((one) => one.problems),
  ];
  if (troubles.length === 0) {
    return (
      <Alert color="teal" variant="light" icon={<IconCheck size={18} />}>
        <Text size="sm">{t("health.allWell")}</Text>
      </Alert>
    );
  }
  return (
    <Alert
      color={silent.length > 0 || health.broker === null ? "red" : "yellow"}
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={t("health.wrong", { count: troubles.length })}
    >
      <List size="sm" aria-label={t("health.problems")}>
        {troubles.map((trouble) => (
          <List.Item key={trouble}>{trouble}</List.Item>
        ))}
      </List>
    </Alert>
  );
}
