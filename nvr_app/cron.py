"""Schedules in cron's five fields, read as cron reads them: 0 and 7 are Sunday."""

from __future__ import annotations

import re

FIELDS = ("minute", "hour", "day", "month", "weekday")
_RANGES = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?")


def cron_fault(schedule: str) -> str:
    """What is wrong with a schedule; empty when it can be kept."""
    fields = schedule.split()
    if len(fields) != len(FIELDS):
        return (
            f"{schedule!r} has {len(fields)} fields, cron has five: minute hour day month weekday"
        )
    for name, text in zip(FIELDS, fields, strict=True):
        for part in text.split(","):
            fault = _part_fault(name, part)
            if fault:
                return f"{schedule!r}: {fault}"
    return ""


def _part_fault(name: str, part: str) -> str:
    match = _PART.fullmatch(part)
    if match is None:
        return f"{part!r} is no {name}"
    low, high = _RANGES[name]
    first, last, step = match.groups()
    if first == "*":
        return f"{part!r} is no {name}" if last else _step_fault(name, step)
    numbers = [_number(name, word) for word in (first, last) if word is not None]
    if any(number is None or not low <= number <= high for number in numbers):
        return f"{name} {part!r} does not lie between {low} and {high}"
    if len(numbers) == 2 and (numbers[0] or 0) > (numbers[1] or 0):
        return f"{name} {part!r} runs backwards"
    return _step_fault(name, step)


def _step_fault(name: str, step: str | None) -> str:
    return f"a step of 0 {name}s never comes" if step is not None and int(step) == 0 else ""


def _number(name: str, word: str) -> int | None:
    if word.isdigit():
        return int(word)
    if name == "weekday" and word in _WEEKDAYS:
        return _WEEKDAYS.index(word)
    if name == "month" and word in _MONTHS:
        return _MONTHS.index(word) + 1
    return None


def weekdays_by_name(field: str) -> str:
    """A weekday field with names for numbers: schedulers differ in which day is 0."""
    parts = []
    for part in field.split(","):
        days, _, step = part.partition("/")
        if days == "*":
            parts.append(part)
            continue
        first, _, last = days.partition("-")
        begin = _number("weekday", first) or 0
        end = _number("weekday", last) if last else None
        numbers = range(begin, (begin if end is None else end) + 1, int(step or 1))
        parts += [_WEEKDAYS[number] for number in numbers]
    return ",".join(dict.fromkeys(parts))
