/** What operators ask about events: any id, correlated trees, streams with their states. */

import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

/** How many events of a stream are read at a time; with one more, so that the first one's changes are known. */
export const STEPS = 50;

const eventSearchQuery = (text: string) =>
  queryOptions({
    queryKey: ["operator", "events", "search", text],
    queryFn: () => body(api.GET("/api/v1/admin/events/search", { params: { query: { text } } })),
  });

const eventTreeQuery = (tree: string) =>
  queryOptions({
    queryKey: ["operator", "events", "tree", tree],
    queryFn: () =>
      body(
        api.GET("/api/v1/admin/events/trees/{correlation_id}", {
          params: { path: { correlation_id: tree } },
        }),
      ),
  });

const eventQuery = (event: string) =>
  queryOptions({
    queryKey: ["operator", "events", "one", event],
    queryFn: () =>
      body(api.GET("/api/v1/admin/events/{event_id}", { params: { path: { event_id: event } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

const eventStreamQuery = (stream: string, until: number | null) =>
  queryOptions({
    queryKey: ["operator", "events", "stream", stream, until],
    queryFn: () =>
      body(
        api.GET("/api/v1/admin/events/streams/{stream}", {
          params: { path: { stream }, query: { limit: STEPS + 1, ...(until === null ? {} : { until }) } },
        }),
      ),
  });

export const useEventTree = (tree: string) => useQuery(eventTreeQuery(tree));
export const useEvent = (event: string) => useQuery(eventQuery(event));

/** Reads the last events of a stream up to a version; what is shown stays until they are there. */
export const useEventStream = (stream: string, until: number | null, enabled = true) =>
  useQuery({ ...eventStreamQuery(stream, until), placeholderData: keepPreviousData, enabled });

export const useEventSearch = (text: string | undefined) =>
  useQuery({ ...eventSearchQuery(text ?? ""), enabled: text !== undefined });
