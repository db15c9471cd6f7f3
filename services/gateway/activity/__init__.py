"""The activity log: what operators asked for, who and from where."""
