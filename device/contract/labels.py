"""The seven emotions and their order.

The order is FER-2013's own (Goodfellow et al., "Challenges in Representation Learning", 2013): its CSV stores the
index. A model with another set of labels carries them in its metadata, and everything behind the model follows those.
"""

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
