import classes from "./Money.module.css";

/** An amount with its currency; the digits are as the gateway wrote them, never rounded. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  const shown = currency === "USD" ? `$${withCents(amount)}` : `${amount} ${currency}`;
  return <span className={classes.money}>{shown}</span>;
}

/** Returns dollars with two digits of cents, or more where the amount has them. */
export function withCents(amount: string): string {
  const [whole = "0", cents = ""] = amount.split(".");
  return `${whole}.${cents.padEnd(2, "0")}`;
}
