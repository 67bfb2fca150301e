"""Opt-outs at the gateway's linker: what waits stops, the centre withdraws, and both agree after a restore of one."""
