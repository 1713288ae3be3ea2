"""What a camera's card holds, in one sentence or as data: behind `nvr camera test`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.clock import Clock
from engine.card.errors import CardError
from engine.card.profile_g import Card
from nvr_app.contract.config import CameraSettings, Credentials
from nvr_app.contract.timebase import iso_utc


@dataclass(frozen=True, kw_only=True)
class CardDescription:
    """`trouble` says why nothing would be fetched; empty when all is well."""

    role: str = "card"
    offers_profile_g: bool
    recordings: int = 0
    start: str = ""
    end: str = ""
    clock_offset_s: float = 0.0
    """The camera's clock less ours; 0 for less than 1.5 s."""
    trouble: str = ""

    def sentence(self) -> str:
        """For people."""
        if not self.offers_profile_g:
            return self.trouble
        held = (
            f"ONVIF Profile G, {self.recordings} recordings from {self.start} to {self.end}"
            if self.recordings
            else "ONVIF Profile G, the card is empty"
        )
        clock = f", the camera's clock is {self.clock_offset_s:+.1f} s off"
        return held + (clock if self.clock_offset_s else "")


def describe_card(
    camera: CameraSettings, credentials: Credentials | None, clock: Clock
) -> CardDescription:
    """Ask the camera; blocks for seconds. Never raises for what the camera does."""
    card = Card(camera.onvif, credentials, clock, verify_tls=camera.verify_tls)
    try:
        try:
            card.connect()
            found = card.overview()
        except CardError as error:
            return CardDescription(offers_profile_g=False, trouble=str(error))
        trouble = ""
        try:
            card.require_trusted_clock()
        except CardError as error:
            trouble = str(error)
        has_any = bool(found.recordings)
        return CardDescription(
            offers_profile_g=True,
            recordings=found.recordings,
            start=iso_utc(found.start_wall_us) if has_any else "",
            end=iso_utc(found.end_wall_us) if has_any else "",
            clock_offset_s=round(found.offset_us / 1e6, 1),
            trouble=trouble,
        )
    finally:
        card.close()
