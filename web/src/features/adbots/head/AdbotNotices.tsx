import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useAdbotScope } from "../../../api/adbot-scope";
import type { AdbotState } from "../../../api/schema";
import { useAdbotSearch } from "../../../routing/adbot-search";
import { useNow } from "../../../ui/useNow";
import { RenewButton } from "../renewal/RenewButton";
import { type AdbotNotice, noticesOf } from "./notices";
import { useNoticeText } from "./useNoticeText";

const SLOW_MS = 30_000;

/** What the client should know about the adbot, each with what leads further. */
export function AdbotNotices({ adbot }: { adbot: AdbotState }) {
  const notices = noticesOf(adbot, useNow(SLOW_MS));
  if (notices.length === 0) return null;
  return (
    <Stack gap="xs">
      {notices.map((notice) => (
        <NoticeLine key={notice.kind} adbot={adbot} notice={notice} />
      ))}
    </Stack>
  );
}

function NoticeLine({ adbot, notice }: { adbot: AdbotState; notice: AdbotNotice }) {
  const text = useNoticeText();
  const bad = notice.mood === "bad";
  return (
    <Alert
      color={bad ? "red" : "yellow"}
      icon={bad ? <IconAlertTriangle size={18} /> : <IconInfoCircle size={18} />}
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">{text(adbot, notice)}</Text>
        <LeadsTo adbot={adbot} notice={notice} />
      </Group>
    </Alert>
  );
}

function LeadsTo({ adbot, notice: { leads } }: { adbot: AdbotState; notice: AdbotNotice }) {
  const { t } = useTranslation();
  const [, change] = useAdbotSearch();
  const scope = useAdbotScope();
  if (leads === null) return null;
  if (leads === "renew") return scope === "own" ? <RenewButton adbot={adbot} primary /> : null;
  return (
    <Button size="xs" variant="default" onClick={() => change({ tab: leads })}>
      {t(`adbotNotice.leads.${leads}`)}
    </Button>
  );
}
