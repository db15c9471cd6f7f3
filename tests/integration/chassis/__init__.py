"""The chassis against real servers, as a process and inside one."""
