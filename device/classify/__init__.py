"""The model file, its interpreter, and whose turn it is to be read."""
