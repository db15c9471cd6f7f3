/** The activity log: what operators did. */

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { api, body } from "./client";
import { pagedQuery } from "./queries";

/** Filters of the log; left out: all. `text` is a part of the path, such as a thing's id. */
export type ActivityFilter = {
  actor?: string;
  operation?: string;
  text?: string;
  from?: string;
  to?: string;
};

const activityQuery = (filter: ActivityFilter) =>
  pagedQuery(["operator", "activity", filter], (page) =>
    body(api.GET("/api/v1/admin/activity", { params: { query: { ...filter, ...page } } })),
  );

export const useActivity = (filter: ActivityFilter) => useInfiniteQuery(activityQuery(filter));

/** Reads the same as a file with a line for each act. */
export function useExportActivity() {
  return useMutation({
    mutationFn: (filter: ActivityFilter) =>
      body(
        api.GET("/api/v1/admin/activity/export", { params: { query: filter }, parseAs: "blob" }),
      ) as Promise<Blob>,
  });
}
