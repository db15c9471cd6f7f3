import { Button } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ProblemNotice } from "./ProblemNotice";

type Props = {
  query: Pick<
    UseInfiniteQueryResult,
    "hasNextPage" | "isFetchingNextPage" | "isFetchNextPageError" | "error" | "fetchNextPage"
  >;
};

/** Shows the next page of a list, and why it could not be read; nothing at the list's end. */
export function MoreButton({ query }: Props) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  const read = () => void query.fetchNextPage();
  if (query.isFetchNextPageError && !query.isFetchingNextPage) {
    return <ProblemNotice error={query.error} onRetry={read} />;
  }
  return (
    <Button variant="default" loading={query.isFetchingNextPage} onClick={read}>
      {t("common.more")}
    </Button>
  );
}
