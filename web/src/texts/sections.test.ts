import { describe, expect, it } from "vitest";
import en from "./en.json";
import publicSections from "./parts/public.json";

const FOR_EVERYBODY = import.meta.glob<string>(
  [
    "../features/checkout/*.tsx",
    "../features/home/*.tsx",
    "../routes/{home,checkout,payment,sign-in}.tsx",
    "../ui/frame/{PublicFrame,Logo,SchemeSwitch}.tsx",
    "../ui/{CopyField,CopyText,Empty,Loaded,MissingPage,Money,Page,ProblemNotice,When}.tsx",
    "../ui/{useDuration,useProblemText}.ts",
  ],
  { query: "?raw", import: "default", eager: true },
);

describe("the first part of the catalogue", () => {
  it.each(Object.entries(FOR_EVERYBODY))("has all that %s says", (_, source) => {
    const used = [...source.matchAll(/\bt\(\s*["`](\w+)\./g)].map((found) => found[1] ?? "");
    expect(publicSections).toEqual(expect.arrayContaining(used));
  });

  it("names sections that there are", () => {
    expect(Object.keys(en)).toEqual(expect.arrayContaining(publicSections));
  });
});
