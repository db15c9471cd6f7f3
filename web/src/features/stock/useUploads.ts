import type { FileRejection } from "@mantine/dropzone";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { renewed } from "../../api/operator";
import { sendSession } from "../../api/stock";
import { useProblemText } from "../../ui/useProblemText";
import { Lanes, mayTryAgain, type Upload, waitOf } from "./uploading";

const AT_ONCE = 3;
const MOST_WAITS = 20;
const RENEW_EVERY = 10;

/** Sends dropped files, three at a time; each stays with its outcome, and may be tried again after trouble. */
export function useUploads() {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const lanes = useRef(new Lanes(AT_ONCE));
  const files = useRef(new Map<string, File>());
  const pending = useRef(0);

  const change = (id: string, state: Upload["state"], problem?: string) =>
    setUploads((all) =>
      all.map((one) =>
        one.id === id ? { id, name: one.name, state, ...(problem ? { problem } : {}) } : one,
      ),
    );

  const send = async (id: string, file: File) => {
    for (let waits = 0; ; waits++) {
      await lanes.current.ready();
      change(id, "sending");
      try {
        await sendSession(file, id);
        files.current.delete(id);
        change(id, "stocked");
      } catch (error) {
        const wait = waits < MOST_WAITS ? waitOf(error) : null;
        if (wait !== null) {
          lanes.current.pause(wait);
          change(id, "waiting", t("stock.waits"));
          continue;
        }
        const state = mayTryAgain(error) ? "failed" : "refused";
        if (state === "refused") files.current.delete(id);
        change(id, state, problemText(error));
      }
      break;
    }
    pending.current -= 1;
    if (pending.current % RENEW_EVERY === 0) void renewed("stock");
  };

  const queue = (id: string, file: File) => {
    pending.current += 1;
    lanes.current.add(() => send(id, file));
  };

  const add = (dropped: File[]) => {
    const added = dropped.map((file) => ({ file, id: crypto.randomUUID() }));
    setUploads((all) => [
      ...all,
      ...added.map(({ file, id }) => ({ id, name: file.name, state: "waiting" as const })),
    ]);
    for (const { file, id } of added) {
      files.current.set(id, file);
      queue(id, file);
    }
  };

  const refuse = (refused: FileRejection[]) =>
    setUploads((all) => [
      ...all,
      ...refused.map(({ file }) => ({
        id: crypto.randomUUID(),
        name: file.name,
        state: "refused" as const,
        problem: t("stock.tooLarge"),
      })),
    ]);

  const again = () => {
    for (const { id, state } of uploads) {
      const file = files.current.get(id);
      if (state !== "failed" || file === undefined) continue;
      change(id, "waiting");
      queue(id, file);
    }
  };

  const clear = () =>
    setUploads((all) => all.filter(({ state }) => state !== "stocked" && state !== "refused"));

  return { uploads, add, refuse, again, clear };
}
