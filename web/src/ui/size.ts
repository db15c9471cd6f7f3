const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Returns a number of bytes in the unit that makes it readable, such as "1.2 MB". */
export function byteSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toLocaleString("en", { maximumFractionDigits: unit < 2 || size >= 100 ? 0 : 1 })} ${UNITS[unit]}`;
}

/** Returns a whole number with separators. */
export const whole = (value: number): string => Math.round(value).toLocaleString("en");
