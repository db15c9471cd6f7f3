import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { shortened } from "../../ui/shortened";

type Props = {
  account: string;
  email: string | null;
  /** Within a text, where a colour alone does not show a link. */
  inText?: boolean;
};

/** An account by its e-mail address, or by its id if it has none any more. */
export function AccountLink({ account, email, inText = false }: Props) {
  return (
    <Anchor
      size="sm"
      underline={inText ? "always" : "hover"}
      renderRoot={(props) => <Link to="/operator/accounts/$account" params={{ account }} {...props} />}
    >
      {email ?? shortened(account)}
    </Anchor>
  );
}
