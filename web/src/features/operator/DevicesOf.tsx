import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signDeviceOut, useDevicesOf } from "../../api/operator-accounts";
import type { DeviceView } from "../../api/schema";
import { ActButton } from "../../ui/acts/ActButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { Loaded } from "../../ui/Loaded";
import { exactTime } from "../../ui/time";
import { When } from "../../ui/When";
import { useDeviceName } from "../profile/useDeviceName";

/** The devices that are signed in to an account. */
export function DevicesOf({ account }: { account: string }) {
  const { t } = useTranslation();
  const nameOf = useDeviceName();
  const columns: Column<DeviceView>[] = [
    { head: t("opAccount.device"), cell: (one) => <span title={one.agent}>{nameOf(one)}</span> },
    { head: t("opAccount.address"), cell: (one) => one.address },
    { head: t("opAccount.seen"), cell: (one) => <When at={one.last_seen_at} /> },
    { head: t("opAccount.signedIn"), cell: (one) => <When at={one.signed_in_at} /> },
    {
      head: t("operator.acts"),
      cell: (one) => (
        <ActButton
          size="compact-sm"
          label={t("devices.signOutOf", { name: nameOf(one), at: exactTime(one.signed_in_at) })}
          act={{
            title: t("accountAct.device.title"),
            consequence: t("accountAct.device.consequence", { name: `${nameOf(one)} (${one.address})` }),
            run: () => signDeviceOut(account, one.id),
          }}
        />
      ),
    },
  ];
  return (
    <Loaded query={useDevicesOf(account)} rows={2}>
      {({ items }) =>
        items.length === 0 ? (
          <Text c="var(--quiet)">{t("opAccount.noDevices")}</Text>
        ) : (
          <DataTable
            label={t("opAccount.tabs.devices")}
            rows={items}
            rowKey={(one) => one.id}
            columns={columns}
          />
        )
      }
    </Loaded>
  );
}
