"""`adrelay events export`, `import`, `republish`, `strip-addresses` and `rebase`."""
