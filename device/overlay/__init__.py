"""What a person at the device sees: pixels in `draw`, the display in `screen`, a process of its own in between."""
