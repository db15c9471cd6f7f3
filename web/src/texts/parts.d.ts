/** What `vite.config.ts` makes of the catalogue. */
declare module "virtual:texts/*" {
  const texts: Record<string, object>;
  export default texts;
}
