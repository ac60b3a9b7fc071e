"""The trainer: faces and labels in, a Keras model and what its conversion needs out."""
