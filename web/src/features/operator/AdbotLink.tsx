import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { shortened } from "../../ui/shortened";

/** An adbot of any account; without a name by the first half of its id. */
export function AdbotLink({ adbot, name }: { adbot: string; name?: string }) {
  return (
    <Anchor
      size="sm"
      fw={name === undefined ? 400 : 500}
      ff={name === undefined ? "monospace" : "text"}
      renderRoot={(props) => <Link to="/operator/adbots/$adbot" params={{ adbot }} {...props} />}
    >
      {name ?? shortened(adbot)}
    </Anchor>
  );
}
