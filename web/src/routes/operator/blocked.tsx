import { SegmentedControl, Stack } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { BlockedTable } from "../../features/operator/BlockedTable";
import { BlockForm } from "../../features/operator/BlockForm";
import { BLOCK_KINDS } from "../../routing/states";
import { Page } from "../../ui/Page";
import { SearchField } from "../../ui/SearchField";

const route = getRouteApi("/client/operator/blocked");

/** Groups to which nothing is sent, and channels whose posts are not sent. */
export function BlockedPage() {
  const { t } = useTranslation();
  const { kind = "targets", text = "" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page title={t("opBlocked.title")} about={t(`opBlocked.${kind}.about`)}>
      <Stack gap="md" align="flex-start">
        <SegmentedControl
          aria-label={t("opBlocked.title")}
          data={BLOCK_KINDS.map((value) => ({ value, label: t(`opBlocked.${value}.title`) }))}
          value={kind}
          onChange={(next) => {
            const found = BLOCK_KINDS.find((one) => one === next);
            if (found !== undefined) void navigate({ search: { kind: found } });
          }}
        />
        <BlockForm key={kind} kind={kind} />
        <SearchField
          label={t("opBlocked.search")}
          value={text}
          onSearch={(next) =>
            void navigate({ replace: true, search: next ? { kind, text: next } : { kind } })
          }
        />
      </Stack>
      <BlockedTable kind={kind} text={text} />
    </Page>
  );
}
