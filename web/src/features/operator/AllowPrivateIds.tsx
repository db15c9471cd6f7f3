import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { setPrivateIds } from "../../api/private-ids";
import { ActButton } from "../../ui/acts/ActButton";

/** Allows private ids to an account, named by its e-mail address or id. */
export function AllowPrivateIds() {
  const { t } = useTranslation();
  const [account, setAccount] = useState("");
  return (
    <ActButton
      variant="filled"
      act={{
        title: t("opPrivateIds.allow"),
        consequence: t("opPrivateIds.consequence"),
        danger: true,
        reason: true,
        fields: (
          <TextInput
            required
            label={t("opPrivateIds.account")}
            value={account}
            onChange={(event) => setAccount(event.currentTarget.value)}
          />
        ),
        begin: () => setAccount(""),
        run: (reason) => setPrivateIds(account.trim(), "allow", reason),
      }}
    />
  );
}
