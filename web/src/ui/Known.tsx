import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

type Props<T> = { query: UseQueryResult<T>; children: (data: T) => ReactNode };

/** A small value that a query brought; while it is read a skeleton, and if that fails, that it is not known. */
export function Known<T>({ query, children }: Props<T>) {
  const { t } = useTranslation();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  return query.error === null ? <Skeleton height={16} w={64} /> : t("common.unknown");
}
