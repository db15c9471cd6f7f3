import { Pill } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useAnyAccount } from "../../api/operator-accounts";

type Props = { account: string | undefined; onClear: () => void };

/** Says that a list is of one account only, and takes that away. */
export function OfAccount({ account, onClear }: Props) {
  return account === undefined ? null : <OneAccount account={account} onClear={onClear} />;
}

function OneAccount({ account, onClear }: { account: string; onClear: () => void }) {
  const { t } = useTranslation();
  const email = useAnyAccount(account).data?.email;
  return (
    <Pill
      withRemoveButton
      onRemove={onClear}
      removeButtonProps={{ "aria-label": t("acts.clear"), "aria-hidden": false, tabIndex: 0 }}
    >
      {t("acts.ofAccount", { account: email ?? account })}
    </Pill>
  );
}
