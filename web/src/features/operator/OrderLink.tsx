import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function OrderLink({ order }: { order: string }) {
  return (
    <Anchor
      ff="monospace"
      size="sm"
      renderRoot={(props) => <Link to="/operator/orders/$order" params={{ order }} {...props} />}
    >
      {order}
    </Anchor>
  );
}
