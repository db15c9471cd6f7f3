/** Returns an amount with its currency; the digits are as the gateway wrote them, never rounded. */
export function moneyText(amount: string, currency: string): string {
  return currency === "USD" ? `$${withCents(amount)}` : `${amount} ${currency}`.trim();
}

/** Returns dollars with two digits of cents, or more where the amount has them. */
function withCents(amount: string): string {
  const [whole = "0", cents = ""] = amount.split(".");
  return `${whole}.${cents.padEnd(2, "0")}`;
}
