import type { FileRejection } from "@mantine/dropzone";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAddSession } from "../../api/operator";

export type Upload = {
  id: string;
  name: string;
  state: "waiting" | "sending" | "stocked" | "refused";
  problem?: string;
};

/** Sends files one after another: each is checked by signing in, which Telegram does not like in crowds. */
export function useUploads() {
  const { t } = useTranslation();
  const addSession = useAddSession();
  const [uploads, setUploads] = useState<Upload[]>([]);
  const last = useRef<Promise<void>>(Promise.resolve());

  const change = (id: string, changed: Partial<Upload>) =>
    setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...changed } : one)));

  const send = async (id: string, file: File) => {
    change(id, { state: "sending" });
    try {
      await addSession.mutateAsync(file);
      change(id, { state: "stocked" });
    } catch (error) {
      change(id, { state: "refused", problem: error instanceof Error ? error.message : String(error) });
    }
  };

  const add = (files: File[]) => {
    for (const file of files) {
      const id = crypto.randomUUID();
      setUploads((all) => [...all, { id, name: file.name, state: "waiting" }]);
      last.current = last.current.then(() => send(id, file));
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

  return { uploads, add, refuse };
}
