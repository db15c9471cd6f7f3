"""The routes that existing front ends call, against the gateway and the scheduler."""
