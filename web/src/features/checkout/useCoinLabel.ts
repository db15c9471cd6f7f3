import { useTranslation } from "react-i18next";
import type { AcceptedCoin } from "../../api/schema";
import { coinName, networkOf } from "./coins";

/** Returns a function that names a coin with its code, and its network where there are several. */
export function useCoinLabel(): (coin: AcceptedCoin) => string {
  const { t } = useTranslation();
  return (coin) => {
    const name = coinName(coin);
    const label = name === coin.code ? coin.code : `${name} (${coin.code})`;
    const network = networkOf(coin);
    return network === null
      ? label
      : t("checkout.onNetwork", { coin: label, network: t(`network.${network}`) });
  };
}
