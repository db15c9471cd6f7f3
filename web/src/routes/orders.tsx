import { Button } from "@mantine/core";
import { IconReceipt } from "@tabler/icons-react";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useOrders } from "../api/account";
import { OrdersTable } from "../features/orders/OrdersTable";
import { ORDER_STATUSES } from "../routing/states";
import { Empty } from "../ui/Empty";
import { FilterChips } from "../ui/FilterChips";
import { Page } from "../ui/Page";

export function OrdersPage() {
  const { t } = useTranslation();
  const { status } = useSearch({ from: "/client/orders" });
  const navigate = useNavigate();
  const toPlans = (
    <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
      {t("adbots.buy")}
    </Button>
  );
  const empty =
    status === undefined ? (
      <Empty
        icon={<IconReceipt size={22} />}
        title={t("orders.empty")}
        text={t("orders.emptyText")}
        action={<Button renderRoot={(props) => <Link to="/" {...props} />}>{t("adbots.buy")}</Button>}
      />
    ) : (
      <Empty icon={<IconReceipt size={22} />} title={t("orders.noSuch")} text={t("orders.noSuchText")} />
    );
  return (
    <Page title={t("orders.title")} about={t("orders.about")} action={toPlans}>
      <FilterChips
        label={t("orders.state")}
        options={ORDER_STATUSES}
        text={(one) => t(`orderStatus.${one}`)}
        value={status}
        onChange={(next) =>
          void navigate({ to: "/orders", search: next === undefined ? {} : { status: next } })
        }
      />
      <OrdersTable query={useOrders(status ?? null)} empty={empty} />
    </Page>
  );
}
