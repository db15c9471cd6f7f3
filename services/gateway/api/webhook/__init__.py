"""A notification of the payment provider: its way in, and its proof."""
