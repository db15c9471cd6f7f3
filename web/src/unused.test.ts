import { describe, expect, it } from "vitest";
import en from "./texts/en.json";

const SOURCES = import.meta.glob<string>("./**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const CODE = Object.entries(SOURCES).filter(([path]) => !/\.test\.ts$|schema\.d\.ts$/.test(path));

/** Returns the keys of all texts. */
function keysOf(part: object, before = ""): string[] {
  return Object.entries(part).flatMap(([name, value]) =>
    typeof value === "object" ? keysOf(value, `${before}${name}.`) : [before + name],
  );
}

describe("texts", () => {
  it("are all said somewhere", () => {
    const code = CODE.map(([, source]) => source).join("\n");
    const literals = new Set([...code.matchAll(/"([\w.-]+)"/g)].map((found) => found[1] ?? ""));
    const patterns = [...code.matchAll(/`(\w+\.(?:\$\{[^}]*\}|[\w.-])*)`/g)].map(
      (found) => new RegExp(`^${(found[1] ?? "").replaceAll(".", "\\.").replace(/\$\{[^}]*\}/g, "[^.]+")}$`),
    );
    const sections = new Set(
      [...code.matchAll(/t\("(\w+)", \{ returnObjects: true/g)].map((found) => found[1]),
    );
    const unused = keysOf(en).filter((key) => {
      const said = [key, key.replace(/_(zero|one|other)$/, "")];
      return !said.some(
        (one) =>
          literals.has(one) ||
          sections.has(one.split(".")[0]) ||
          patterns.some((pattern) => pattern.test(one)),
      );
    });
    expect(unused).toEqual([]);
  });
});

describe("exports", () => {
  const EXPORTED = /^export (?:abstract |async )?(?:function\*?|const|let|class|type|interface|enum) (\w+)/gm;
  const NAMED = /(?:import|export) (?:type )?(?:\w+, )?\{([^}]*)\} from "([^"]+)"/g;
  /** Of all that a module exports: as a whole, or loaded when it is shown. */
  const WHOLE = /(?:\* as \w+ from |\bimport\()"([^"]+)"/g;
  const ENDINGS = ["", ".ts", ".tsx", ".d.ts", "/index.ts", "/index.tsx"];

  /** Returns the file that a module names; null for a package, and what is no code. */
  function fileOf(from: string, named: string): string | null {
    if (!named.startsWith(".")) return null;
    const path: string[] = from.split("/").slice(0, -1);
    for (const part of named.split("/")) {
      if (part === "..") path.pop();
      else if (part !== ".") path.push(part);
    }
    const joined = path.join("/");
    return ENDINGS.map((ending) => joined + ending).find((file) => file in SOURCES) ?? null;
  }

  it("are found by how other files name theirs", () => {
    expect(fileOf("./ui/acts/ActMenu.tsx", "../Dialog")).toBe("./ui/Dialog.tsx");
    expect(fileOf("./ui/acts/ActMenu.tsx", "./act")).toBe("./ui/acts/act.ts");
    expect(fileOf("./main.tsx", "./router")).toBe("./router.ts");
    expect(fileOf("./router.ts", ".")).toBeNull();
    expect(fileOf("./router.ts", "@mantine/core")).toBeNull();
  });

  it("are all used by another file, or by a test", () => {
    const used = new Set<string>();
    for (const [path, source] of Object.entries(SOURCES)) {
      for (const [, names = "", from = ""] of source.matchAll(NAMED)) {
        for (const name of names.split(",")) {
          const plain = name
            .trim()
            .replace(/^type /, "")
            .replace(/ as .*/, "");
          used.add(`${fileOf(path, from)} ${plain}`);
        }
      }
      for (const [, from = ""] of source.matchAll(WHOLE)) {
        for (const [name] of source.matchAll(/\w+/g)) used.add(`${fileOf(path, from)} ${name}`);
      }
    }
    const unused = CODE.flatMap(([path, source]) =>
      [...source.matchAll(EXPORTED)].map((found) => `${path} ${found[1]}`).filter((one) => !used.has(one)),
    );
    expect(unused).toEqual([]);
  });
});
