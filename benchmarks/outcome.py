"""What a benchmark is asked and what it answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to measure. 0 or empty means the benchmark's own choice."""

    seconds: int = 0
    cameras: int = 0
    count: int = 0
    """How often to do what is done again and again."""
    models_dir: Path | None = None
    labels_dir: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure, with what it must and should reach (upper limits unless said)."""

    what: str
    value: float
    unit: str
    must: float | None = None
    aim: float | None = None
    higher_is_better: bool = False

    @property
    def verdict(self) -> str:
        """aim, must, short; empty where nothing is asked."""
        if self.must is None:
            return ""
        if self.aim is not None and self._reaches(self.aim):
            return "aim"
        return "must" if self._reaches(self.must) else "SHORT"

    def _reaches(self, limit: float) -> bool:
        return self.value >= limit if self.higher_is_better else self.value <= limit


@dataclass
class Outcome:
    """Figures of one benchmark and whatever explains them."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, what: str, value: float, unit: str, **limits: Any) -> None:
        self.figures.append(Figure(what=what, value=value, unit=unit, **limits))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "figures": [asdict(figure) | {"verdict": figure.verdict} for figure in self.figures],
            "details": self.details,
        }


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile; 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
