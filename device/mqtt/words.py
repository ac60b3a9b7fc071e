"""Events in words, for people who watch."""

from typing import Any

_BAR_CELLS = 12


def describe(event: dict[str, Any]) -> str:
    """One event, as its JSON object has it."""
    if event["type"] == "face_appeared":
        return "appears"
    if event["type"] == "face_left":
        return f"leaves ({event['reason']}) after {event['duration_s']:.1f} s"
    before = f"  after {event['duration_s']:.1f} s {event['previous']}" if event["previous"] else ""
    return f"{describe_reading(event['emotion'], event['confidence'])}{before}"


def describe_reading(emotion: str, confidence: float) -> str:
    """An emotion with how sure it is (0 to 1), as a name and a bar."""
    filled = round(confidence * _BAR_CELLS)
    bar = "█" * filled + "░" * (_BAR_CELLS - filled)
    return f"{emotion:<9} {bar} {confidence:4.0%}"
