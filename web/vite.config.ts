import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const TEXTS = /\.(js|css|html|svg|json)$/;
const SMALLEST = 1024;

/** Writes each text file of the build compressed too, so that the gateway compresses nothing. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle)) {
        const path = join(dir ?? "dist", name);
        const content = TEXTS.test(name) ? readFileSync(path) : Buffer.alloc(0);
        if (content.length < SMALLEST) continue;
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}

const TEXTS_FOLDER = join(import.meta.dirname, "src/texts");
const CATALOGUE = join(TEXTS_FOLDER, "en.json");
const PART = "\0virtual:texts/";

/** Makes two modules of the catalogue: the texts of pages for everybody, which come first, and all others. */
function textsInParts(): Plugin {
  return {
    name: "texts-in-parts",
    resolveId: (id) => (id.startsWith(PART.slice(1)) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(PART)) return null;
      this.addWatchFile(CATALOGUE);
      const first = id === `${PART}public`;
      const publicSections: string[] = JSON.parse(
        readFileSync(join(TEXTS_FOLDER, "parts/public.json"), "utf8"),
      );
      const sections = Object.entries(JSON.parse(readFileSync(CATALOGUE, "utf8")));
      const chosen = sections.filter(([name]) => publicSections.includes(name) === first);
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(Object.fromEntries(chosen)))})`;
    },
  };
}

export default defineConfig({
  plugins: [react(), textsInParts(), compressed()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: { "/api": { target: process.env.GATEWAY ?? "http://127.0.0.1:8000", ws: true } },
  },
});
