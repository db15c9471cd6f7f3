import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signOut } from "../../api/account";
import { signDeviceOut, useDevices } from "../../api/profile";
import type { DeviceView } from "../../api/schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { useLeaveAfter } from "../../ui/frame/useLeave";
import { Loaded } from "../../ui/Loaded";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { exactTime } from "../../ui/time";
import { When } from "../../ui/When";
import { SignOutEverywhere } from "./SignOutEverywhere";
import { useDeviceName } from "./useDeviceName";

/** The devices that are signed in; each can be signed out from here. */
export function DeviceList() {
  const { t } = useTranslation();
  const [everywhere, setEverywhere] = useState(false);
  const leaveAfter = useLeaveAfter();
  const out = useMutation({
    mutationFn: ({ id, current }: DeviceView) => (current ? leaveAfter(signOut) : signDeviceOut(id)),
  });
  const nameOf = useDeviceName();
  const columns: Column<DeviceView>[] = [
    { head: t("devices.device"), cell: (one) => <DeviceName device={one} /> },
    { head: t("devices.seen"), cell: (one) => <When at={one.last_seen_at} /> },
    { head: t("devices.signedIn"), minor: true, cell: (one) => <When at={one.signed_in_at} /> },
    { head: t("devices.address"), cell: (one) => one.address },
    {
      head: t("devices.act"),
      cell: (one) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("devices.signOutOf", { name: nameOf(one), at: exactTime(one.signed_in_at) })}
          loading={out.isPending && out.variables.id === one.id}
          onClick={() => out.mutate(one)}
        >
          {t("nav.signOut")}
        </Button>
      ),
    },
  ];
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text c="var(--quiet)">{t("devices.about")}</Text>
        <Button variant="default" onClick={() => setEverywhere(true)}>
          {t("nav.signOutEverywhere")}
        </Button>
      </Group>
      {out.error !== null && <ProblemNotice error={out.error} />}
      <Loaded query={useDevices()}>
        {({ items }) => (
          <DataTable
            label={t("profile.tabs.devices")}
            rows={items}
            rowKey={(one) => one.id}
            columns={columns}
          />
        )}
      </Loaded>
      {everywhere && <SignOutEverywhere onClose={() => setEverywhere(false)} />}
    </Stack>
  );
}

function DeviceName({ device }: { device: DeviceView }) {
  const { t } = useTranslation();
  const nameOf = useDeviceName();
  return (
    <Group gap="xs" title={device.agent}>
      <Text size="sm" fw={500}>
        {nameOf(device)}
      </Text>
      {device.current && <Badge>{t("devices.current")}</Badge>}
    </Group>
  );
}
