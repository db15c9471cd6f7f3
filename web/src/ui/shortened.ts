const LONGEST = 18;
const BEGIN = 8;
const END = 5;

/** Returns an id without its middle, so that it fits into a table; a short one as it is. */
export function shortened(id: string): string {
  return id.length <= LONGEST ? id : `${id.slice(0, BEGIN)}…${id.slice(-END)}`;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Returns a name, such as that of a stream, with its ids shortened; what is shown so has the whole one as its title. */
export const withShortIds = (name: string): string => name.replace(UUID, shortened);
