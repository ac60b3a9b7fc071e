"""The local page: what the sensor sees, in a browser; a process of its own that no picture ever reaches."""
