import { useTranslation } from "react-i18next";
import type { DeviceView } from "../../api/schema";
import { agentName } from "./agentName";

/** Returns a function that names a device by its browser and system. */
export function useDeviceName(): (device: Pick<DeviceView, "agent">) => string {
  const { t } = useTranslation();
  return ({ agent }) => {
    const name = agentName(agent);
    return name === null ? agent || t("devices.unknown") : t("devices.name", name);
  };
}
