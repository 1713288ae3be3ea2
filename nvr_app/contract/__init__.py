"""What engine and GUI agree on: types alone, stdlib and msgspec."""
