import { Select, type SelectProps } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useCoins } from "../../api/buying";
import { ProblemNotice } from "../../ui/ProblemNotice";
import { useCoinLabel } from "./useCoinLabel";

type Props = Omit<SelectProps, "data" | "label" | "nothingFoundMessage">;

/** The coin to pay with, of those that are accepted. */
export function CoinSelect(props: Props) {
  const { t } = useTranslation();
  const coins = useCoins();
  const label = useCoinLabel();
  return (
    <>
      <Select
        required
        searchable
        label={t("checkout.coin")}
        nothingFoundMessage={coins.data === undefined ? undefined : t("checkout.noCoin")}
        data={(coins.data?.items ?? []).map((one) => ({ value: one.code, label: label(one) }))}
        {...props}
      />
      {coins.error !== null && <ProblemNotice error={coins.error} onRetry={() => void coins.refetch()} />}
    </>
  );
}
