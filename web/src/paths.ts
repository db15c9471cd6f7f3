/** Returns whether a path leads to a page of this site, and not by `//host` to another one. */
export function isOwnPath(path: string): boolean {
  return path.startsWith("/") && !path.startsWith("//") && !path.includes("\\");
}
