/** The caller's webhooks, and the messages that were sent to them. */

import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { pagedQuery, pollOfFirstPage, queries } from "./queries";
import type { DeliveryState, WebhookBody } from "./schema";

const SOON_MS = 5000;

/** Reads the webhooks anew. */
export const webhooksChanged = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
const at = (id: string) => ({ params: { path: { webhook_id: id } } });

const webhooksQuery = queryOptions({
  queryKey: ["webhooks", "list"],
  queryFn: () => body(api.GET("/api/v1/webhooks")),
});

const webhookEventsQuery = queryOptions({
  queryKey: ["webhook-events"],
  queryFn: () => body(api.GET("/api/v1/webhook-events")),
  staleTime: Number.POSITIVE_INFINITY,
});

const deliveriesQuery = (id: string, state: DeliveryState | null) =>
  pagedQuery(["webhooks", id, "deliveries", state], (page) =>
    body(
      api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
        params: { path: { webhook_id: id }, query: { ...(state ? { state } : {}), ...page } },
      }),
    ),
  );

export const useWebhooks = () => useQuery(webhooksQuery);
export const useWebhookEvents = () => useQuery(webhookEventsQuery);
export const useDeliveries = (id: string, state: DeliveryState | null) =>
  useInfiniteQuery({ ...deliveriesQuery(id, state), refetchInterval: pollOfFirstPage(SOON_MS) });

/** Adds a webhook; the answer has its secret, which is shown at once and only there. */
export async function addWebhook(wish: WebhookBody) {
  const added = await body(api.POST("/api/v1/webhooks", { body: wish }));
  void webhooksChanged();
  return added;
}

export async function changeWebhook(id: string, wish: WebhookBody): Promise<void> {
  await body(api.PUT("/api/v1/webhooks/{webhook_id}", { ...at(id), body: wish }));
  await webhooksChanged();
}

export const deleteWebhook = (id: string) => body(api.DELETE("/api/v1/webhooks/{webhook_id}", at(id)));

/** Makes another secret, and returns it. */
export async function rotateSecret(id: string): Promise<string> {
  return (await body(api.POST("/api/v1/webhooks/{webhook_id}/secret", at(id)))).secret;
}

export async function switchWebhook(id: string, to: "on" | "off"): Promise<void> {
  await body(api.POST(`/api/v1/webhooks/{webhook_id}/${to}`, at(id)));
  await webhooksChanged();
}

/** Sends a message for a test, and returns what came back. */
export async function testWebhook(id: string) {
  const result = await body(api.POST("/api/v1/webhooks/{webhook_id}/test", at(id)));
  void webhooksChanged();
  return result;
}

export async function sendAgain(id: string, message: string): Promise<void> {
  await body(
    api.POST("/api/v1/webhooks/{webhook_id}/deliveries/{message_id}/retry", {
      params: { path: { webhook_id: id, message_id: message } },
    }),
  );
  await webhooksChanged();
}
