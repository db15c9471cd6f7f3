import { expect, it } from "vitest";
import { moneyText } from "./amount";

it.each([
  ["9.5", "USD", "$9.50"],
  ["100", "USD", "$100.00"],
  ["0.125", "USD", "$0.125"],
  ["0.00092100", "BTC", "0.00092100 BTC"],
  ["5", "", "5"], // a coin that is not known
])("%s %s is %s", (amount, currency, text) => {
  expect(moneyText(amount, currency)).toBe(text);
});
