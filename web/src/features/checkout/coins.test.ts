import { describe, expect, it } from "vitest";
import { coinName, networkOf, networkOfAddress } from "./coins";

const USDT = { code: "USDT", provider_code: "usdttrc20" };
const TRON = "TSandboxabcdefghijkmnopqrstuvwxyzA";

describe("coins", () => {
  it("have a name, and a network if their name does not say which", () => {
    expect(coinName(USDT)).toBe("Tether");
    expect(networkOf(USDT)).toBe("tron");
    expect(networkOf({ code: "BTC", provider_code: "btc" })).toBeNull();
  });

  it("keep their code where nothing else is known", () => {
    expect(coinName({ code: "ZZZ", provider_code: "zzz" })).toBe("ZZZ");
  });

  it("name no network that the address is not of: the operator may accept another one since", () => {
    expect(networkOfAddress(USDT, TRON)).toBe("tron");
    expect(networkOfAddress(USDT, `0x${"a".repeat(40)}`)).toBeNull();
  });
});
