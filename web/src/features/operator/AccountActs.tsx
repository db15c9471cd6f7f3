import { ActionIcon, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type AccountAct, useActOnAccount } from "../../api/operator";
import type { AccountLine } from "../../api/schema";
import { ReasonDialog } from "../../ui/ReasonDialog";

/** What an operator can do with an account. */
export function AccountActs({ account }: { account: AccountLine }) {
  const { t } = useTranslation();
  const act = useActOnAccount();
  const [asked, setAsked] = useState<AccountAct["act"] | null>(null);
  const acts: AccountAct["act"][] = account.status === "ACTIVE" ? ["suspend", "sign-out"] : ["restore"];
  const open = (wanted: AccountAct["act"] | null) => {
    act.reset();
    setAsked(wanted);
  };
  const name = account.email ?? account.id;
  return (
    <>
      <Menu position="bottom-end" transitionProps={{ duration: 100 }}>
        <Menu.Target>
          <ActionIcon aria-label={t("accounts.actsOf", { name })}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {acts.map((one) => (
            <Menu.Item key={one} onClick={() => open(one)}>
              {t(`accountAct.${one}.title`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asked !== null && (
        <ReasonDialog
          title={t(`accountAct.${asked}.title`)}
          consequence={t(`accountAct.${asked}.consequence`, { name })}
          danger={asked === "suspend"}
          pending={act.isPending}
          error={act.error}
          onClose={() => open(null)}
          onConfirm={(reason) =>
            act.mutate({ account: account.id, act: asked, reason }, { onSuccess: () => open(null) })
          }
        />
      )}
    </>
  );
}
