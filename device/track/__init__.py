"""Which face of this frame is which of the last one."""
