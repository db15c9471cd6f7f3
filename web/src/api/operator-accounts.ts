/** Accounts, and what belongs to one, as the operator sees them. */

import { queryOptions, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { renewed } from "./operator";
import { pagedQuery, pollOfFirstPage } from "./queries";
import type { AccountStatus, NewAccountBody, Role } from "./schema";

/** Filters of the list of accounts; left out: all. */
type AccountFilter = { role?: Role; status?: AccountStatus; text?: string };

const SOON_MS = 15_000;
const KEY = ["operator", "accounts"] as const;
const pathOf = (account: string) => ({ params: { path: { account } } });

const accountsQuery = (filter: AccountFilter) =>
  pagedQuery([...KEY, filter], (page) =>
    body(api.GET("/api/v1/admin/accounts", { params: { query: { ...filter, ...page } } })),
  );

const anyAccountQuery = (account: string) =>
  queryOptions({
    queryKey: [...KEY, account, "line"],
    queryFn: () => body(api.GET("/api/v1/admin/accounts/{account}", pathOf(account))),
  });

const deliveriesQuery = (account: string, webhook: string) =>
  pagedQuery([...KEY, account, "deliveries", webhook], (page) =>
    body(
      api.GET("/api/v1/admin/accounts/{account}/webhooks/{webhook_id}/deliveries", {
        params: { path: { account, webhook_id: webhook }, query: page },
      }),
    ),
  );

export const useAccounts = (filter: AccountFilter) =>
  useInfiniteQuery({ ...accountsQuery(filter), refetchInterval: pollOfFirstPage(SOON_MS) });
export const useAnyAccount = (account: string) =>
  useQuery({ ...anyAccountQuery(account), refetchInterval: SOON_MS });
export const useDeliveriesOf = (account: string, webhook: string) =>
  useInfiniteQuery(deliveriesQuery(account, webhook));

export const useDevicesOf = (account: string) =>
  useQuery({
    queryKey: [...KEY, account, "devices"],
    queryFn: () => body(api.GET("/api/v1/admin/accounts/{account}/devices", pathOf(account))),
  });

export const useApiKeysOf = (account: string) =>
  useQuery({
    queryKey: [...KEY, account, "api-keys"],
    queryFn: () => body(api.GET("/api/v1/admin/accounts/{account}/api-keys", pathOf(account))),
  });

export const useWebhooksOf = (account: string) =>
  useQuery({
    queryKey: [...KEY, account, "webhooks"],
    queryFn: () => body(api.GET("/api/v1/admin/accounts/{account}/webhooks", pathOf(account))),
  });

export function useOpenAccount() {
  return useMutation({
    mutationFn: (wish: NewAccountBody) => body(api.POST("/api/v1/admin/accounts", { body: wish })),
    onSuccess: () => renewed("accounts"),
  });
}

/** Issues another access code, and returns it: it is shown once, and kept nowhere. */
export async function resetCode(email: string): Promise<string> {
  const issued = await body(api.POST("/api/v1/admin/accounts/access-code", { body: { email } }));
  void renewed("accounts");
  return issued.access_code;
}

async function done(answer: Promise<unknown>): Promise<void> {
  await answer;
  await renewed("accounts", "adbots");
}

export const suspendAccount = (account: string, reason: string) =>
  done(body(api.POST("/api/v1/admin/accounts/{account}/suspend", { ...pathOf(account), body: { reason } })));

export const restoreAccount = (account: string) =>
  done(body(api.POST("/api/v1/admin/accounts/{account}/restore", pathOf(account))));

export const signAccountOut = (account: string) =>
  done(body(api.POST("/api/v1/admin/accounts/{account}/sign-out", pathOf(account))));

export const changeRole = (account: string, role: Role) =>
  done(body(api.PUT("/api/v1/admin/accounts/{account}/role", { ...pathOf(account), body: { role } })));

export const removeSecondFactor = (account: string) =>
  done(body(api.DELETE("/api/v1/admin/accounts/{account}/second-factor", pathOf(account))));

export const eraseAccount = (account: string) =>
  done(body(api.POST("/api/v1/admin/accounts/{account}/erase", pathOf(account))));

export const signDeviceOut = (account: string, device: string) =>
  done(
    body(
      api.DELETE("/api/v1/admin/accounts/{account}/devices/{device_id}", {
        params: { path: { account, device_id: device } },
      }),
    ),
  );

export const switchWebhookOff = (account: string, webhook: string, reason: string) =>
  done(
    body(
      api.POST("/api/v1/admin/accounts/{account}/webhooks/{webhook_id}/off", {
        params: { path: { account, webhook_id: webhook } },
        body: { reason },
      }),
    ),
  );

export const revokeApiKey = (account: string, key: string) =>
  done(
    body(
      api.DELETE("/api/v1/admin/accounts/{account}/api-keys/{key_id}", {
        params: { path: { account, key_id: key } },
      }),
    ),
  );
