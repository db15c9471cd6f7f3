import { Button, type ButtonProps } from "@mantine/core";
import { ActDialog } from "./ActDialog";
import type { Act } from "./act";
import { useAsking } from "./useAsking";

type Props = { act: Act; label?: string } & Pick<
  ButtonProps,
  "size" | "variant" | "leftSection" | "disabled"
>;

/** The button of one act; `label` names the thing for those who hear the page. */
export function ActButton({ act, label, variant = "default", ...props }: Props) {
  const { asked, ask, close } = useAsking([act]);
  return (
    <>
      <Button {...props} variant={variant} onClick={() => ask(act)} aria-label={label}>
        {act.title}
      </Button>
      {asked !== undefined && <ActDialog act={asked} onClose={close} />}
    </>
  );
}
