import { Button, Group, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { setBlock } from "../../api/operations";
import type { BlockKind } from "../../routing/states";
import { ActDialog } from "../../ui/acts/ActDialog";

/** Blocks a group or a channel by its name, link or id. */
export function BlockForm({ kind }: { kind: BlockKind }) {
  const { t } = useTranslation();
  const [chat, setChat] = useState("");
  const [asked, setAsked] = useState(false);
  const wanted = chat.trim();
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
  };
  return (
    <form onSubmit={ask}>
      <Group align="flex-end" gap="sm">
        <TextInput
          required
          maxLength={300}
          miw={320}
          label={t(`opBlocked.${kind}.field`)}
          description={t("opBlocked.fieldHelp")}
          value={chat}
          onChange={(event) => setChat(event.currentTarget.value)}
        />
        <Button type="submit" disabled={wanted === ""}>
          {t("opBlocked.block")}
        </Button>
      </Group>
      {asked && (
        <ActDialog
          act={{
            title: t("opBlocked.block"),
            consequence: t(`opBlocked.${kind}.consequence`, { chat: wanted }),
            danger: true,
            reason: true,
            run: async (reason) => {
              await setBlock(kind, "block", wanted, reason);
              setChat((now) => (now.trim() === wanted ? "" : now)); // another may be written meanwhile
            },
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </form>
  );
}
