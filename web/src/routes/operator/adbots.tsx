import { Group } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAllAdbots } from "../../api/operator-adbots";
import { AllAdbotsTable } from "../../features/operator/AllAdbotsTable";
import { OfAccount } from "../../features/operator/OfAccount";
import { withFilter } from "../../routing/searching";
import { ADBOT_STATUSES } from "../../routing/states";
import { Empty } from "../../ui/Empty";
import { FilterChips } from "../../ui/FilterChips";
import { Page } from "../../ui/Page";
import { SearchField } from "../../ui/SearchField";

const route = getRouteApi("/client/operator/adbots");

export function AllAdbotsPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const query = useAllAdbots(filter);
  return (
    <Page title={t("opAdbots.title")} about={t("opAdbots.about")}>
      <Group gap="sm">
        <SearchField
          label={t("opAdbots.search")}
          value={filter.text ?? ""}
          onSearch={(next) =>
            void navigate({
              replace: true,
              search: withFilter("text", next),
            })
          }
        />
        <FilterChips
          label={t("opAdbots.state")}
          options={ADBOT_STATUSES}
          text={(one) => t(`status.${one}`)}
          value={filter.status}
          onChange={(next) =>
            void navigate({
              search: withFilter("status", next),
            })
          }
        />
        <OfAccount
          account={filter.account}
          onClear={() => void navigate({ search: withFilter("account", undefined) })}
        />
      </Group>
      <AllAdbotsTable
        query={query}
        empty={
          <Empty icon={<IconRobot size={22} />} title={t("opAdbots.empty")} text={t("opAdbots.emptyText")} />
        }
      />
    </Page>
  );
}
