"""`adrelay events export`, `import`, `republish` and `rebase`."""
