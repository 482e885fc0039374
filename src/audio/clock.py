"""Say where in a recording something is, in samples and on the clock; channels count from 1, as people do."""


def clock(frame: int, sample_rate: float) -> str:
    """Return a frame's time: ``1:02.345``, and ``1:02:03.456`` from an hour on."""
    minutes, milliseconds = divmod(round(1000 * frame / sample_rate), 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{milliseconds / 1000:06.3f}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"
