"""A memory card that makes a sensor of a Raspberry Pi at its first boot, by cloud-init."""
