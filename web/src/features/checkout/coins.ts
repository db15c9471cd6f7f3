/** Names of coins and of the networks that they are sent on, by the payment provider's codes. */

import type { AcceptedCoin } from "../../api/schema";

type Network = "tron" | "ethereum" | "bsc" | "solana" | "polygon" | "arbitrum" | "ton" | "own";
type Known = { name: string; network: Network };

const KNOWN: Record<string, Known> = {
  btc: { name: "Bitcoin", network: "own" },
  eth: { name: "Ether", network: "ethereum" },
  sol: { name: "Solana", network: "own" },
  ltc: { name: "Litecoin", network: "own" },
  trx: { name: "Tron", network: "own" },
  ton: { name: "Toncoin", network: "own" },
  xrp: { name: "XRP", network: "own" },
  xlm: { name: "Stellar Lumens", network: "own" },
  doge: { name: "Dogecoin", network: "own" },
  bch: { name: "Bitcoin Cash", network: "own" },
  xmr: { name: "Monero", network: "own" },
  ada: { name: "Cardano", network: "own" },
  dot: { name: "Polkadot", network: "own" },
  bnbbsc: { name: "BNB", network: "bsc" },
  usdttrc20: { name: "Tether", network: "tron" },
  usdterc20: { name: "Tether", network: "ethereum" },
  usdtbsc: { name: "Tether", network: "bsc" },
  usdtsol: { name: "Tether", network: "solana" },
  usdtmatic: { name: "Tether", network: "polygon" },
  usdtarb: { name: "Tether", network: "arbitrum" },
  usdtton: { name: "Tether", network: "ton" },
  usdc: { name: "USD Coin", network: "ethereum" },
  usdcbsc: { name: "USD Coin", network: "bsc" },
  usdcsol: { name: "USD Coin", network: "solana" },
  usdcmatic: { name: "USD Coin", network: "polygon" },
  usdcarb: { name: "USD Coin", network: "arbitrum" },
  dai: { name: "Dai", network: "ethereum" },
};

const ADDRESSES: Partial<Record<Network, RegExp>> = {
  tron: /^T[1-9A-HJ-NP-Za-km-z]{33}$/,
  ethereum: /^0x[0-9a-fA-F]{40}$/,
  bsc: /^0x[0-9a-fA-F]{40}$/,
  polygon: /^0x[0-9a-fA-F]{40}$/,
  arbitrum: /^0x[0-9a-fA-F]{40}$/,
  solana: /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
};

type NetworkName = Exclude<Network, "own">;

/** Returns a coin's name; its code where it has no other name here. */
export const coinName = (coin: AcceptedCoin): string => KNOWN[coin.provider_code]?.name ?? coin.code;

/** Returns the network that a coin is sent on; null for a coin of a network of its own, and an unknown one. */
export function networkOf(coin: AcceptedCoin): NetworkName | null {
  const network = KNOWN[coin.provider_code]?.network ?? "own";
  return network === "own" ? null : network;
}

/** Returns the network of an address of this coin; null unless the address has that network's form. */
export function networkOfAddress(coin: AcceptedCoin, address: string): NetworkName | null {
  const network = networkOf(coin);
  return network !== null && (ADDRESSES[network]?.test(address) ?? false) ? network : null;
}
