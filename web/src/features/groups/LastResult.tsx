import { Anchor, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AdbotState, GroupFigures } from "../../api/schema";
import { useNow } from "../../ui/useNow";
import { When } from "../../ui/When";
import { WhyText } from "../adbots/WhyText";
import { lastRefusal, waitsUntil } from "./last-result";
import { useAskAgain } from "./useGroupActs";

const SLOW_MS = 30_000;

/** Why the last cycle did not send to a group, what the client can do, and until when it is not asked. */
export function LastResult({ group, adbot }: { group: GroupFigures; adbot: AdbotState }) {
  const { t } = useTranslation();
  const askAgain = useAskAgain(adbot.id);
  const seats = adbot.seats.filled;
  const now = useNow(SLOW_MS);
  const refusal = lastRefusal(group, seats, now);
  const until = waitsUntil(group, seats, now);
  if (refusal === null && until === null && group.join_requests.length === 0) return <>{t("common.none")}</>;
  return (
    <Stack gap={2} maw={360}>
      {refusal !== null && <WhyText refusal={refusal} />}
      {until !== null && (
        <Text size="xs" c="var(--quiet)" component="div">
          {t("groups.notAsked")} <When at={until} />
          {" · "}
          <Anchor component="button" type="button" size="xs" onClick={() => askAgain(group.group)}>
            {t("groups.askAgain")}
          </Anchor>
        </Text>
      )}
      {group.join_requests.length > 0 && (
        <Text size="xs" c="var(--quiet)">
          {t("groups.joinRequests", {
            count: group.join_requests.length,
            accounts: group.join_requests.map((one) => one.session).join(", "),
          })}
        </Text>
      )}
    </Stack>
  );
}
