/** The caller's own account: devices, API keys, the second factor. */

import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { queries } from "./queries";
import type { ApiKeyBody } from "./schema";

const stale = (key: string) => queries.invalidateQueries({ queryKey: ["profile", key] });

const meQuery = queryOptions({
  queryKey: ["profile", "me"],
  queryFn: () => body(api.GET("/api/v1/auth/me")),
});

const devicesQuery = queryOptions({
  queryKey: ["profile", "devices"],
  queryFn: () => body(api.GET("/api/v1/auth/devices")),
});

const apiKeysQuery = queryOptions({
  queryKey: ["profile", "api-keys"],
  queryFn: () => body(api.GET("/api/v1/api-keys")),
});

export const useMe = () => useQuery(meQuery);
export const useDevices = () => useQuery(devicesQuery);
export const useApiKeys = () => useQuery(apiKeysQuery);

/** Signs another device out. */
export async function signDeviceOut(device: string): Promise<void> {
  await body(api.DELETE("/api/v1/auth/devices/{device_id}", { params: { path: { device_id: device } } }));
  await stale("devices");
}

export const signOutEverywhere = () => body(api.DELETE("/api/v1/auth/devices"));

export function useMakeApiKey() {
  return useMutation({
    mutationFn: (wish: ApiKeyBody) => body(api.POST("/api/v1/api-keys", { body: wish })),
    gcTime: 0,
    // not awaited: the key is shown at once, and only here
    onSuccess: () => void stale("api-keys"),
  });
}

export async function revokeApiKey(key: string): Promise<void> {
  await body(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: key } } }));
  await stale("api-keys");
}

export function useOfferSecondFactor() {
  return useMutation({ mutationFn: () => body(api.POST("/api/v1/auth/second-factor")), gcTime: 0 });
}

export const confirmSecondFactor = (code: string) =>
  body(api.POST("/api/v1/auth/second-factor/confirm", { body: { one_time_code: code } }));
