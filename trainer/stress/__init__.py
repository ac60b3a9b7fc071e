"""What a model loses when faces come as a camera gives them: corrupted, and found and cropped by the device."""
