"""From scores that jump with every frame to an emotion that a person would report."""

import math
from dataclasses import dataclass

from pydantic import Field, ValidationError

from device.contract.model_card import Smoothing
from device.errors import ConfigError
from device.records import UNCERTAIN, Reading, Scores
from device.section import Section


class SmoothingSettings(Section):
    """How scores become an emotion; null takes the model's own value."""

    time_constant_s: float | None = Field(
        None, gt=0, le=60, description="how long the average of the scores reaches back, seconds"
    )
    enter_threshold: float | None = Field(
        None, gt=0, le=1, description="smoothed probability at which an emotion begins"
    )
    exit_threshold: float | None = Field(None, ge=0, le=1, description="smoothed probability below which it ends")
    min_dwell_s: float | None = Field(
        None, ge=0, le=60, description="how long a new emotion must hold before it is reported, seconds"
    )

    def over(self, model: Smoothing) -> Smoothing:
        """The model's own smoothing with these overrides.

        Raises:
            ConfigError: the thresholds that result contradict each other.
        """
        try:
            return Smoothing(**(model.model_dump() | self.model_dump(exclude_none=True)))
        except ValidationError as error:
            fault = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ConfigError(f"smoothing does not fit the model's own: {fault}", "set both thresholds") from error


@dataclass(slots=True)
class _State:
    probabilities: tuple[float, ...]
    updated_s: float
    candidate: str
    candidate_since_s: float
    emotion: str | None = None
    since_s: float = 0.0


class EmotionSmoother:
    """Averages each track's scores over time and holds on to an emotion until another is surely there.

    The average is exponential in time, not in frames, so that the frame rate does not change the behaviour. An emotion
    is a candidate from ``enter_threshold`` on and stays one down to ``exit_threshold`` (hysteresis); a candidate is
    told once it has held for ``min_dwell_s``. Until then a track keeps its emotion, and a new track has none.
    """

    def __init__(self, smoothing: Smoothing) -> None:
        self._smoothing = smoothing
        self._states: dict[int, _State] = {}

    @property
    def smoothing(self) -> Smoothing:
        """How it smooths now."""
        return self._smoothing

    def tune(self, smoothing: Smoothing) -> None:
        """Smooth in another way from now on; any thread may call it."""
        self._smoothing = smoothing

    def update(self, track_id: int, scores: Scores, time_s: float, quality: float = 1.0) -> Reading | None:
        """Take in one classification of a track and say what the track shows now.

        Args:
            track_id: whose face it is.
            scores: what the classifier says.
            time_s: when the frame was taken, monotonic.
            quality: above 0 to 1; scores of a poor crop count as if they had lasted for that share of the time.
        """
        state = self._states.get(track_id)
        if state is None:
            state = _State(scores.probabilities, time_s, self._candidate(None, scores), time_s)
            self._states[track_id] = state
        weight = self._weight((time_s - state.updated_s) * quality)
        state.probabilities = tuple(
            old + weight * (new - old) for old, new in zip(state.probabilities, scores.probabilities, strict=True)
        )
        state.updated_s = time_s
        smoothed = Scores(scores.labels, state.probabilities)
        self._decide(state, smoothed, time_s)
        return None if state.emotion is None else Reading(state.emotion, smoothed, state.since_s)

    def forget(self, track_id: int) -> None:
        """Drop what is known of a track that ended."""
        self._states.pop(track_id, None)

    def _weight(self, elapsed_s: float) -> float:
        constant_s = self._smoothing.time_constant_s
        return 1.0 - math.exp(-max(0.0, elapsed_s) / constant_s) if constant_s else 1.0

    def _candidate(self, emotion: str | None, smoothed: Scores) -> str:
        likeliest, probability = smoothed.top
        if probability >= self._smoothing.enter_threshold:
            return likeliest
        if emotion is not None and smoothed.of(emotion) >= self._smoothing.exit_threshold:
            return emotion
        return UNCERTAIN

    def _decide(self, state: _State, smoothed: Scores, time_s: float) -> None:
        candidate = self._candidate(state.emotion, smoothed)
        if candidate != state.candidate:
            state.candidate, state.candidate_since_s = candidate, time_s
        held_s = time_s - state.candidate_since_s
        if candidate != state.emotion and held_s >= self._smoothing.min_dwell_s:
            state.emotion, state.since_s = candidate, state.candidate_since_s
