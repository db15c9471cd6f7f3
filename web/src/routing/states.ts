/** The values that filters in addresses may have, in the order in which they are shown. */

import type {
  AccountStatus,
  AdbotStatus,
  DeliveryState,
  GroupState,
  OrderStatus,
  PlanKind,
  Role,
  SessionState,
} from "../api/schema";

export const ADBOT_STATUSES: AdbotStatus[] = ["RUNNING", "STOPPED", "EXPIRED", "SUSPENDED"];
export const ACCOUNT_STATUSES: AccountStatus[] = ["ACTIVE", "SUSPENDED"];
export const ROLES: Role[] = ["CLIENT", "RESELLER", "ADMIN"];
export const ORDER_STATUSES: OrderStatus[] = [
  "PENDING",
  "PAID",
  "FULFILLED",
  "EXPIRED",
  "CANCELLED",
  "REFUNDED",
];
export const SESSION_STATES: SessionState[] = [
  "UNUSED",
  "ASSIGNED",
  "IMPORTED",
  "BANNED",
  "FROZEN",
  "RETIRED",
];
export const GROUP_STATES: GroupState[] = ["delivered", "refused", "left_out", "not_sent", "waiting"];
export const DELIVERY_STATES: DeliveryState[] = ["waiting", "delivered", "given_up"];

export const PLAN_KINDS: PlanKind[] = ["starter", "enterprise"];

export const SERVICES = ["billing", "provisioning", "scheduler", "forwarder", "gateway"] as const;

/** Groups are what is posted to, channels what is posted from. */
export const BLOCK_KINDS = ["targets", "sources"] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];
