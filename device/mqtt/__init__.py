"""The device's voice: topics, messages, the spool that keeps events, and the connection to the broker."""
