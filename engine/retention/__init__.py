"""What is kept and for how long: policies, choosers and schedules."""
