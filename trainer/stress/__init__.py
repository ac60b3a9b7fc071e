"""What a model loses when faces come as a camera gives them: spoilt, and found and cropped by the device."""
