import { IconBan } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { setBlock, useBlocked } from "../../api/operations";
import type { BlockedChat } from "../../api/schema";
import type { BlockKind } from "../../routing/states";
import { ActButton } from "../../ui/acts/ActButton";
import { CopyText } from "../../ui/CopyText";
import type { Column } from "../../ui/DataTable";
import { Empty } from "../../ui/Empty";
import { PagedTable } from "../../ui/PagedTable";
import { When } from "../../ui/When";

/** The blocked groups, or channels. */
export function BlockedTable({ kind, text }: { kind: BlockKind; text: string }) {
  const { t } = useTranslation();
  const columns: Column<BlockedChat>[] = [
    { head: t(`opBlocked.${kind}.chat`), cell: (one) => <CopyText value={one.chat} /> },
    { head: t("operator.why"), cell: (one) => one.reason },
    { head: t("operator.since"), cell: (one) => <When at={one.since} /> },
    {
      head: t("operator.acts"),
      cell: (one) => (
        <ActButton
          size="compact-sm"
          label={t("acts.with", { act: t("opBlocked.unblock"), name: one.chat })}
          act={{
            title: t("opBlocked.unblock"),
            consequence: t(`opBlocked.${kind}.unblocked`, { chat: one.chat }),
            reason: true,
            run: (reason) => setBlock(kind, "unblock", one.chat, reason),
          }}
        />
      ),
    },
  ];
  return (
    <PagedTable
      label={t(`opBlocked.${kind}.title`)}
      query={useBlocked(kind, text)}
      rowKey={(one) => one.chat}
      columns={columns}
      empty={
        <Empty
          icon={<IconBan size={22} />}
          title={t(`opBlocked.${kind}.empty`)}
          text={t("opBlocked.emptyText")}
        />
      }
    />
  );
}
