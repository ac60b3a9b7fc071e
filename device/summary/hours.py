"""Which local hour a moment belongs to, over midnight, time zones and summer time."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from device.summary.counts import Hour

HOUR_S = 3600


def hour_of(moment: datetime, zone: tzinfo | None = None) -> Hour:
    """The hour of ``moment`` (aware) by the clock of ``zone``; None takes the machine's zone.

    It begins where that clock last showed a whole hour, or would have if its offset had not changed since: so it fits
    zones that are half an hour off, and hours that summer time cuts or shows twice.
    """
    local = moment.astimezone(zone)
    into_s = local.minute * 60 + local.second
    offset = local.utcoffset() or timedelta()
    return Hour(int(local.timestamp()) - into_s, int(offset.total_seconds()))


def hour_before(hour: Hour, zone: tzinfo | None = None) -> Hour:
    """The hour that ended when ``hour`` began."""
    return hour_of(datetime.fromtimestamp(hour.start_s - 1, UTC), zone)


def hours_of_day(day: date, zone: tzinfo | None = None) -> tuple[Hour, ...]:
    """Every hour of the local ``day``: 24, or 23 or 25 where summer time begins or ends."""
    # From before to after, wherever on earth: summer time may skip midnight itself. All offsets are whole quarters.
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    moments = (begin + timedelta(minutes=15 * number) for number in range(4 * 54))
    return tuple(dict.fromkeys(hour for moment in moments if (hour := hour_of(moment, zone)).day == day))
