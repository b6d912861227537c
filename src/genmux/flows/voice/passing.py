"""Sound that goes on as it is, where caller and provider speak the same dialect and nothing is converted."""

from genmux.flows.voice.link import Link, SocketLink


class Passing:
    """Knows which dialect the caller speaks, and whether the connection that stands now speaks it, too."""

    __slots__ = ("link", "spoken")

    def __init__(self) -> None:
        self.spoken: str | None = None
        self.link: SocketLink | None = None

    def tune(self, link: Link, *, plain: bool) -> None:
        """Another connection stands. `plain` says that its sound is neither converted nor recorded, and bytes of it are time."""
        self.link = None
        if self.spoken is not None and plain and isinstance(link, SocketLink):
            link.pass_sound(self.spoken)
            if link.passing:
                self.link = link
