"""The aggregate of an adbot's access: the groups and channels that refuse its seats, until when."""
