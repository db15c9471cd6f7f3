"""The routes to order a plan and to pay for it."""
