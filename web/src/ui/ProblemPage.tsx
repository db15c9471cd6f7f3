import { Container } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { ProblemNotice } from "./ProblemNotice";

export function ProblemPage({ error, reset }: ErrorComponentProps) {
  return (
    <Container size="sm" py="xl">
      <ProblemNotice error={error} onRetry={reset} />
    </Container>
  );
}
