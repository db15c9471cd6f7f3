import { Button, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type ActivityFilter, useExportActivity } from "../../api/activity";
import { ActivityFilters } from "../../features/operator/ActivityFilters";
import { ActivityTable } from "../../features/operator/ActivityTable";
import { wholeDays } from "../../ui/days";
import { Page } from "../../ui/Page";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { saveFile } from "../../ui/saveFile";

const route = getRouteApi("/client/operator/activity");

export function ActivityPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { from: _from, to: _to, ...others } = search;
  const filter: ActivityFilter = { ...others, ...wholeDays(search) };
  const download = useExportActivity();
  return (
    <Page
      title={t("nav.activity")}
      about={t("opActivity.about")}
      action={
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          loading={download.isPending}
          onClick={() => download.mutate(filter, { onSuccess: (file) => saveFile(file, "activity.csv") })}
        >
          {t("opActivity.export")}
        </Button>
      }
    >
      <Stack gap="md">
        {download.error !== null && <ProblemNotice error={download.error} />}
        <ActivityFilters
          filter={search}
          onChange={(next) => void navigate({ replace: true, search: next })}
        />
        <ActivityTable filter={filter} />
      </Stack>
    </Page>
  );
}
