import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ORDER_ACTS, type OrderAct, useActOnOrder } from "../../api/operator";
import { ReasonDialog } from "../../ui/ReasonDialog";

/** What an operator can do with an order. */
export function OrderActs({ order }: { order: string }) {
  const { t } = useTranslation();
  const act = useActOnOrder(order);
  const [asked, setAsked] = useState<OrderAct | null>(null);
  const open = (wanted: OrderAct | null) => {
    act.reset();
    setAsked(wanted);
  };
  return (
    <>
      <Menu position="bottom-end" transitionProps={{ duration: 100 }}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            {t("operator.acts")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {ORDER_ACTS.map((one) => (
            <Menu.Item key={one} onClick={() => open(one)}>
              {t(`orderAct.${one}.title`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked !== null && (
        <ReasonDialog
          title={t(`orderAct.${asked}.title`)}
          consequence={t(`orderAct.${asked}.consequence`, { order })}
          danger={asked === "refund"}
          pending={act.isPending}
          error={act.error}
          onClose={() => open(null)}
          onConfirm={(reason) => act.mutate({ act: asked, reason }, { onSuccess: () => open(null) })}
        />
      )}
    </>
  );
}
