import { moneyText } from "./amount";
import classes from "./Money.module.css";

/** An amount with its currency. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  return <span className={classes.money}>{moneyText(amount, currency)}</span>;
}
