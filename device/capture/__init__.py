"""From a camera, stream, file or folder to the latest frame."""
