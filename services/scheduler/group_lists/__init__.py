"""The aggregate of a group list, which several adbots of an account share."""
