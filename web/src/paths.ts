/** Returns whether a path leads to a page of this site, and not by `//host` to another one; browsers leave out tabs. */
export function isOwnPath(path: string): boolean {
  return /^\/(?!\/)[^\\\p{Cc}]*$/u.test(path);
}

/** Returns a part of a path without its escapes; one that is escaped by mistake, such as "100%", as it is. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
