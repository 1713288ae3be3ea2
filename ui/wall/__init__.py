"""The wall: live pictures of all cameras on one canvas."""
