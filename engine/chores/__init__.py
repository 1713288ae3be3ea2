"""The chores worker: deletes, moves, exports when nobody else wants the machine."""
