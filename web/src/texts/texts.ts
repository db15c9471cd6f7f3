import texts from "virtual:texts/public";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { preferences } from "../preferences";
import type en from "./en.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** A language is one file in this folder, named by its code; all but English are loaded when they are chosen. */
const OTHERS = import.meta.glob<typeof en>(["./*.json", "!./en.json"], { import: "default" });

export const LANGUAGES = ["en", ...Object.keys(OTHERS).map((path) => path.slice(2, -5))];

void i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: texts } },
  interpolation: { escapeValue: false }, // React escapes
});

/** Shows all texts in a language; those that its file lacks stay English. */
export async function speak(language: string): Promise<void> {
  const load = OTHERS[`./${language}.json`];
  if (load === undefined && language !== "en") return;
  if (load !== undefined && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await load());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

if (preferences().language !== "en") void speak(preferences().language);
