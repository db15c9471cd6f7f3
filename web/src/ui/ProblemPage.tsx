import { Container } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { ProblemNotice } from "./ProblemNotice";

/** What is shown instead of everything: a page that failed is loaded again as a whole. */
export function ProblemPage({ error }: ErrorComponentProps) {
  return (
    <Container size="sm" py="xl">
      <ProblemNotice error={error} onRetry={() => window.location.reload()} />
    </Container>
  );
}
