"""Bookmarks and protections of the engine: asked for, set, taken back."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from PySide6.QtCore import QObject, Signal

from nvr_app.contract.api import Done
from nvr_app.contract.audit_facts import BookmarkRemoved, BookmarkSet
from nvr_app.contract.custody_facts import FootageProtected, ProtectionEnded
from nvr_app.contract.evidence import (
    BookmarkBody,
    BookmarkList,
    BookmarkView,
    ProtectionBody,
    ProtectionList,
    ProtectionView,
)
from nvr_app.contract.timebase import iso_utc
from ui.client.http import EngineHttp
from ui.playback.marks import Mark


class MarksFeed(QObject):
    """Use from the GUI thread. Signals: changed() when `marks` are others · told(sentence).

    What is told as a fact counts at once: the index may hear of it a moment later.
    """

    changed = Signal()
    told = Signal(str)

    def __init__(self, http: EngineHttp, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._http = http
        self._known: dict[str, Mark] = {}
        self._facts: list[object] | None = None
        """Told while the list is on its way; None when it has come."""
        self._awaited = 0

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All there are, protections that were lifted left out."""
        return tuple(self._known.values())

    def resync(self) -> None:
        """Ask for all anew; until it comes the old ones stay."""
        self._facts, self._awaited = [], 2
        listed: dict[str, Mark] = {}
        self._http.get(
            "/api/v1/bookmarks", BookmarkList,
            lambda told: self._take(listed, [_bookmark(one) for one in told.bookmarks]),
            self.told.emit,
        )  # fmt: skip
        self._http.get(
            "/api/v1/protections", ProtectionList,
            lambda told: self._take(listed, [_protection(one) for one in told.protections]),
            self.told.emit,
        )  # fmt: skip

    def take_fact(self, fact: object) -> None:
        """Somebody marked something, here or elsewhere."""
        if self._facts is not None:
            self._facts.append(fact)
        if self._apply(fact):
            self.changed.emit()

    def bookmark(
        self, span: tuple[int, int], camera_ids: tuple[str, ...], title: str, text: str,
        done: Callable[[], None], refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Mark a moment or an interval."""
        start, end = span
        body = BookmarkBody(
            start=iso_utc(start), end=iso_utc(end) if end > start else "", camera_ids=camera_ids,
            title=title, text=text,
        )  # fmt: skip

        def answered(view: BookmarkView) -> None:
            self.told.emit(self.tr("Bookmark set: {}").format(view.title))
            done()

        self._http.ask("POST", "/api/v1/bookmarks", BookmarkView, answered, refused, body=body)

    def protect(
        self, span: tuple[int, int], camera_ids: tuple[str, ...], reason: str,
        until_us: int | None, done: Callable[[], None], refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Keep footage from every clean-up, until then or until it is lifted."""
        body = ProtectionBody(
            start=iso_utc(span[0]), end=iso_utc(span[1]), camera_ids=camera_ids, reason=reason,
            until=iso_utc(until_us) if until_us is not None else None,
        )  # fmt: skip

        def answered(view: ProtectionView) -> None:
            self.told.emit(self.tr("Protected: {}").format(view.reason))
            done()

        self._http.ask("POST", "/api/v1/protections", ProtectionView, answered, refused, body=body)

    def take_back(self, mark: Mark, reason: str) -> None:
        """Remove a bookmark, or lift a protection for that reason."""
        kind = "bookmarks" if mark.kind == "bookmark" else "protections"
        query = {"reason": reason} if mark.kind == "protection" else None
        self._http.ask(
            "DELETE", f"/api/v1/{kind}/{quote(mark.mark_id)}", Done,
            lambda answer: self.told.emit(answer.message[:1].upper() + answer.message[1:]),
            self.told.emit, query=query,
        )  # fmt: skip

    # Inside

    def _take(self, listed: dict[str, Mark], marks: list[Mark]) -> None:
        listed.update((mark.mark_id, mark) for mark in marks)
        self._awaited -= 1
        if self._awaited:
            return
        self._known = listed
        facts, self._facts = self._facts or [], None
        for fact in facts:
            self._apply(fact)
        self.changed.emit()

    def _apply(self, fact: object) -> bool:
        match fact:
            case BookmarkSet():
                self._known[fact.bookmark_id] = _bookmark(fact)
            case FootageProtected():
                self._known[fact.protection_id] = _protection(fact)
            case BookmarkRemoved():
                self._known.pop(fact.bookmark_id, None)
            case ProtectionEnded():
                self._known.pop(fact.protection_id, None)
            case _:
                return False
        return True


def _bookmark(one: BookmarkView | BookmarkSet) -> Mark:
    return Mark("bookmark", one.bookmark_id, one.title, one.start_wall_us, one.end_wall_us,
                one.camera_ids, one.text, one.actor)  # fmt: skip


def _protection(one: ProtectionView | FootageProtected) -> Mark:
    return Mark("protection", one.protection_id, one.reason, one.start_wall_us, one.end_wall_us,
                one.camera_ids, "", one.actor, one.until_wall_us)  # fmt: skip
