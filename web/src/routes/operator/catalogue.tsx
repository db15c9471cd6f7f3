import { IconTags } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCatalogue } from "../../api/plans";
import type { CataloguePlan } from "../../api/schema";
import { AddPlan } from "../../features/operator/AddPlan";
import { PlanActs } from "../../features/operator/PlanActs";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { FilterChips } from "../../ui/FilterChips";
import { Money } from "../../ui/Money";
import { Page } from "../../ui/Page";
import { PagedTable } from "../../ui/PagedTable";
import { StateBadge } from "../../ui/StateBadge";
import { useDuration } from "../../ui/useDuration";

const route = getRouteApi("/client/operator/catalogue");

export function CataloguePage() {
  const { t } = useTranslation();
  const duration = useDuration();
  const { sale } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useCatalogue(sale === undefined ? undefined : sale === "on");
  const columns: Column<CataloguePlan>[] = [
    { head: t("opPlans.name"), cell: (plan) => plan.name },
    { head: t("opPlans.code"), cell: (plan) => plan.code },
    {
      head: t("opPlans.state"),
      cell: (plan) => (
        <StateBadge mood={plan.on_sale ? "good" : "quiet"}>
          {plan.on_sale ? t("opPlans.on") : t("opPlans.off")}
        </StateBadge>
      ),
    },
    {
      head: t("orders.price"),
      number: true,
      cell: (plan) => <Money amount={plan.price_usd} currency="USD" />,
    },
    { head: t("opPlans.seats"), number: true, cell: (plan) => plan.sessions },
    { head: t("opPlans.every"), cell: (plan) => duration(plan.interval_seconds) },
    { head: t("opPlans.validity"), cell: (plan) => t("duration.days", { count: plan.validity_days }) },
    {
      head: t("opPlans.limits"),
      cell: (plan) =>
        [
          plan.max_groups ? t("opPlans.mostGroups", { count: plan.max_groups }) : null,
          plan.max_posts ? t("opPlans.mostPosts", { count: plan.max_posts }) : null,
        ]
          .filter((one) => one !== null)
          .join(", ") || t("opPlans.usual"),
    },
    { head: t("operator.acts"), cell: (plan) => <PlanActs plan={plan} /> },
  ];
  return (
    <Page title={t("opPlans.title")} about={t("opPlans.about")} action={<AddPlan />}>
      <FilterChips
        label={t("opPlans.state")}
        options={["on", "off"]}
        text={(one) => t(`opPlans.${one}`)}
        value={sale}
        onChange={(next) => void navigate({ search: next ? { sale: next } : {} })}
      />
      <PagedTable
        label={t("opPlans.title")}
        query={query}
        rowKey={(plan) => plan.code}
        columns={columns}
        empty={
          <Empty icon={<IconTags size={22} />} title={t("opPlans.empty")} text={t("opPlans.emptyText")} />
        }
      />
    </Page>
  );
}
