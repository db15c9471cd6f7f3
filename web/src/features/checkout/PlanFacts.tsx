import { List, ThemeIcon } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PlanOnSale } from "../../api/schema";
import { useDuration } from "../../ui/useDuration";

/** What a plan has; plans are told apart by these lines, which are in the same order everywhere. */
export function PlanFacts({ plan }: { plan: PlanOnSale }) {
  const { t } = useTranslation();
  const duration = useDuration();
  const tick = (
    <ThemeIcon size={18} radius="xl" variant="light">
      <IconCheck size={12} stroke={2.5} />
    </ThemeIcon>
  );
  return (
    <List spacing={8} size="md" icon={tick}>
      <List.Item>{t("home.sessions", { count: plan.sessions })}</List.Item>
      <List.Item>{t("home.interval", { interval: duration(plan.interval_seconds) })}</List.Item>
      <List.Item>
        {plan.max_groups == null ? t("home.anyGroups") : t("home.groups", { count: plan.max_groups })}
      </List.Item>
      {plan.max_posts != null && <List.Item>{t("home.posts", { count: plan.max_posts })}</List.Item>}
      <List.Item>{t("home.validity", { count: plan.validity_days })}</List.Item>
    </List>
  );
}
