import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { AdbotState } from "../../../api/schema";
import { RenewDialog } from "./RenewDialog";

/** Opens the renewal of an adbot; `primary` where that is the thing to do. */
export function RenewButton({ adbot, primary = false }: { adbot: AdbotState; primary?: boolean }) {
  const { t } = useTranslation();
  const [opened, dialog] = useDisclosure(false);
  if (adbot.status === "SUSPENDED") return null;
  return (
    <>
      <Button size="xs" variant={primary ? "filled" : "default"} onClick={dialog.open}>
        {t("renewal.open")}
      </Button>
      {opened && <RenewDialog adbot={adbot} onClose={dialog.close} />}
    </>
  );
}
