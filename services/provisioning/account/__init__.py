"""What provisioning knows of accounts."""
