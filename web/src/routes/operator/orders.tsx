import { Group } from "@mantine/core";
import { IconReceipt } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAllOrders } from "../../api/operator";
import { AllOrdersTable } from "../../features/operator/AllOrdersTable";
import { OfAccount } from "../../features/operator/OfAccount";
import { withFilter } from "../../routing/searching";
import { ORDER_STATUSES } from "../../routing/states";
import { Empty } from "../../ui/Empty";
import { FilterChips } from "../../ui/FilterChips";
import { Page } from "../../ui/Page";
import { SearchField } from "../../ui/SearchField";

const route = getRouteApi("/client/operator/orders");

export function AllOrdersPage() {
  const { t } = useTranslation();
  const { status, text, account } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = {
    ...(status ? { order_status: status } : {}),
    ...(text ? { text } : {}),
    ...(account ? { account } : {}),
  };
  const query = useAllOrders(filter);
  return (
    <Page title={t("operator.orders")} about={t("operator.ordersAbout")}>
      <Group gap="sm">
        <SearchField
          label={t("operator.searchOrders")}
          value={text ?? ""}
          onSearch={(next) =>
            void navigate({
              replace: true,
              search: withFilter("text", next),
            })
          }
        />
        <FilterChips
          label={t("orders.state")}
          options={ORDER_STATUSES}
          text={(one) => t(`orderStatus.${one}`)}
          value={status}
          onChange={(next) =>
            void navigate({
              search: withFilter("status", next),
            })
          }
        />
        <OfAccount
          account={account}
          onClear={() => void navigate({ search: withFilter("account", undefined) })}
        />
      </Group>
      <AllOrdersTable
        query={query}
        empty={
          <Empty
            icon={<IconReceipt size={22} />}
            title={t("operator.noOrders")}
            text={t("operator.noOrdersText")}
          />
        }
      />
    </Page>
  );
}
