"""What training, conversion and the device agree on; nothing of it is written anywhere else."""
