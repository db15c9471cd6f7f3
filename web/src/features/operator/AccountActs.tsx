import { Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  changeRole,
  eraseAccount,
  removeSecondFactor,
  restoreAccount,
  signAccountOut,
  suspendAccount,
} from "../../api/operator-accounts";
import { setPrivateIds, usePrivateIdsOf } from "../../api/private-ids";
import type { AccountLine, Role } from "../../api/schema";
import { ROLES } from "../../routing/states";
import { ActMenu } from "../../ui/acts/ActMenu";
import type { Act } from "../../ui/acts/act";

/** What an operator can do with an account. */
export function AccountActs({ account, onErased }: { account: AccountLine; onErased: () => void }) {
  const { t } = useTranslation();
  const [role, setRole] = useState<Role>(account.role);
  const allowed = usePrivateIdsOf(account.id).data?.allowed;
  const id = account.id;
  const name = account.email ?? id;
  const said = (
    act: "suspend" | "restore" | "sign-out" | "role" | "factor" | "allow" | "forbid" | "erase",
  ) => ({
    title: t(`accountAct.${act}.title`),
    consequence: t(`accountAct.${act}.consequence`, { name }),
  });
  const acts: Act[] = [
    account.status === "ACTIVE"
      ? { ...said("suspend"), danger: true, reason: true, run: (reason) => suspendAccount(id, reason) }
      : { ...said("restore"), run: () => restoreAccount(id) },
    { ...said("sign-out"), run: () => signAccountOut(id) },
    {
      ...said("role"),
      fields: (
        <Select
          allowDeselect={false}
          label={t("accounts.role")}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          value={role}
          onChange={(next) => next !== null && setRole(next)}
        />
      ),
      begin: () => setRole(account.role),
      run: () => changeRole(id, role),
    },
  ];
  if (allowed !== undefined) {
    const act = allowed ? "forbid" : "allow";
    acts.push({ ...said(act), danger: true, reason: true, run: (reason) => setPrivateIds(id, act, reason) });
  }
  if (account.second_factor)
    acts.push({ ...said("factor"), danger: true, run: () => removeSecondFactor(id) });
  acts.push({
    ...said("erase"),
    danger: true,
    typed: id,
    run: async () => {
      await eraseAccount(id);
      onErased();
    },
  });
  return <ActMenu acts={acts} />;
}
