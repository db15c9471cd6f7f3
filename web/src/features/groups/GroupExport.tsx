import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAdbotScope } from "../../api/adbot-scope";
import { allGroups } from "../../api/groups";
import type { AdbotState } from "../../api/schema";
import { csvFile } from "../../csv";
import { useAdbotSearch } from "../../routing/adbot-search";
import { saveFile } from "../../ui/saveFile";
import { useSaying, useSayingProblem } from "../../ui/useSaying";
import { csvOfGroups } from "./csv";

/** Saves the groups that the filters let through with their figures, also those that are not shown yet. */
export function GroupExport({ adbot }: { adbot: AdbotState }) {
  const { t } = useTranslation();
  const say = useSaying();
  const sayProblem = useSayingProblem();
  const scope = useAdbotScope();
  const [{ state, text }] = useAdbotSearch();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const filter = { ...(state ? { state } : {}), ...(text ? { text } : {}) };
      const groups = await allGroups(adbot.id, scope, filter);
      saveFile(csvFile(csvOfGroups(groups)), `adbot-${adbot.id}-groups.csv`);
      say(t("groups.exported", { count: groups.length }));
    } catch (error) {
      sayProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      variant="default"
      size="xs"
      loading={busy}
      leftSection={<IconDownload size={14} />}
      onClick={() => void run()}
    >
      {t("groups.export")}
    </Button>
  );
}
