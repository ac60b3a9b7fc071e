"""How good a model's answers are: figures with their uncertainty, and nothing of where they are shown."""
