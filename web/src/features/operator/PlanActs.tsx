import { Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { repricePlan, retirePlan } from "../../api/plans";
import type { CataloguePlan } from "../../api/schema";
import { ActMenu } from "../../ui/acts/ActMenu";
import { AddPlan } from "./AddPlan";

/** What can be done with a plan: another price, off sale, on sale again. */
export function PlanActs({ plan }: { plan: CataloguePlan }) {
  const { t } = useTranslation();
  const [price, setPrice] = useState(plan.price_usd);
  if (!plan.on_sale) return <AddPlan again={plan} />;
  const name = plan.name;
  return (
    <Group justify="flex-end">
      <ActMenu
        of={name}
        acts={[
          {
            title: t("planAct.reprice.title"),
            consequence: t("planAct.reprice.consequence", { name }),
            fields: (
              <TextInput
                required
                inputMode="decimal"
                label={t("opPlans.price")}
                value={price}
                onChange={(event) => setPrice(event.currentTarget.value)}
              />
            ),
            begin: () => setPrice(plan.price_usd),
            run: () => repricePlan(plan.code, price.trim()),
          },
          {
            title: t("planAct.retire.title"),
            consequence: t("planAct.retire.consequence", { name }),
            danger: true,
            run: () => retirePlan(plan.code),
          },
        ]}
      />
    </Group>
  );
}
