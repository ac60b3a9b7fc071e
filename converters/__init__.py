"""Makes trained networks small: from a Keras model to a model file that the device runs."""
