"""The eight simulated places and who comes by.

Loops differ in length, so that the places do not fall quiet together.
"""

from __future__ import annotations

from engine.simulation.backdrops_indoor import paint_corridor, paint_loading_bay, paint_lobby
from engine.simulation.backdrops_outdoor import (
    paint_car_park,
    paint_front_door,
    paint_gate,
    paint_motorway,
    paint_plaza,
)
from engine.simulation.figure import Look
from engine.simulation.scene import Scene, Vehicle, Walker, Waypoint
from engine.simulation.shapes import Colour
from engine.simulation.vehicle import Body

_COURIER = Look(jacket=(40, 60, 170), trousers=(70, 58, 50), hair=(38, 48, 62), bag=(52, 70, 84))
_VISITOR = Look(jacket=(140, 92, 52), trousers=(58, 54, 52), hair=(60, 96, 140))
_CLERK = Look(jacket=(82, 76, 72), trousers=(56, 50, 48), hair=(30, 30, 34))
_GUEST = Look(jacket=(96, 140, 66), trousers=(104, 82, 60), hair=(44, 62, 92))
_LOADER = Look(jacket=(38, 132, 232), trousers=(92, 70, 46), hair=(34, 40, 48))
_GUARD = Look(jacket=(82, 70, 60), trousers=(52, 44, 40), hair=(28, 28, 30))
_KEEPER = Look(jacket=(178, 176, 170), trousers=(60, 52, 46), hair=(26, 28, 30))
_NURSE = Look(jacket=(206, 206, 200), trousers=(150, 140, 128), hair=(40, 52, 70))
_STROLLER = Look(jacket=(98, 58, 138), trousers=(96, 88, 80), hair=(50, 80, 120), bag=(60, 56, 52))
_RUNNER = Look(jacket=(60, 190, 226), trousers=(54, 50, 50), hair=(36, 40, 44))


def all_scenes() -> tuple[Scene, ...]:
    """Every scene, in the order in which a wall shows them."""
    return (
        _front_door(), _lobby(), _loading_bay(), _car_park(),
        _corridor(), _plaza(), _gate(), _motorway(),
    )  # fmt: skip


def scene_by_name(name: str) -> Scene:
    """The scene of that name; KeyError with the known names otherwise."""
    scenes = {scene.name: scene for scene in all_scenes()}
    if name not in scenes:
        raise KeyError(f"there is no simulated scene {name!r}; choose one of {', '.join(scenes)}")
    return scenes[name]


def _walk(object_id: str, look: Look, *points: tuple[float, float, float]) -> Walker:
    return Walker(object_id=object_id, look=look, path=tuple(Waypoint(*point) for point in points))


def _drive(
    object_id: str, body: Body, paint: Colour, *points: tuple[float, float, float]
) -> Vehicle:
    path = tuple(Waypoint(*point) for point in points)
    return Vehicle(object_id=object_id, body=body, paint=paint, path=path)


def _front_door() -> Scene:
    return Scene(
        name="front-door", display_name="Front door", location="Entrance", loop_s=18,
        is_night=False, horizon_y=-0.25, person_scale=0.44, backdrop=paint_front_door,
        actors=(
            _walk("courier", _COURIER, (0.6, -0.12, 0.86), (3.2, 0.36, 0.84), (4.8, 0.47, 0.66),
                  (6.6, 0.47, 0.66), (8.2, 0.56, 0.86), (11.2, 1.12, 0.9)),
            _walk("passer-by", _VISITOR, (8.6, -0.12, 0.92), (14.2, 1.12, 0.92)),
        ),
    )  # fmt: skip


def _lobby() -> Scene:
    return Scene(
        name="lobby", display_name="Lobby", location="Ground floor", loop_s=20,
        is_night=False, horizon_y=-0.1, person_scale=0.52, backdrop=paint_lobby,
        actors=(
            _walk("clerk", _CLERK, (0.5, 1.12, 0.84), (4.6, 0.4, 0.72), (5.2, 0.31, 0.66),
                  (8.0, 0.31, 0.66), (11.6, -0.12, 0.84)),
            _walk("guest", _GUEST, (2.6, -0.12, 0.94), (9.0, 1.14, 0.9)),
            _walk("visitor", _VISITOR, (10.6, 1.12, 0.78), (15.6, 0.0, 0.94), (16.0, -0.12, 0.94)),
        ),
    )  # fmt: skip


def _loading_bay() -> Scene:
    return Scene(
        name="loading-bay", display_name="Loading bay", location="Warehouse", loop_s=18,
        is_night=False, horizon_y=-0.4, person_scale=0.3, backdrop=paint_loading_bay,
        actors=(
            _drive("van", "van", (196, 200, 200), (0.8, -0.35, 0.78), (4.2, 1.35, 0.78)),
            _walk("loader", _LOADER, (3.6, 1.1, 0.86), (7.0, 0.62, 0.72), (7.8, 0.52, 0.66),
                  (9.4, 0.52, 0.66), (13.4, -0.1, 0.88)),
            _walk("driver", _GUARD, (5.4, -0.1, 0.92), (11.8, 1.1, 0.94)),
        ),
    )  # fmt: skip


def _car_park() -> Scene:
    return Scene(
        name="car-park", display_name="Car park", location="Yard north", loop_s=20,
        is_night=True, horizon_y=-0.2, person_scale=0.34, backdrop=paint_car_park,
        actors=(
            _drive("grey-estate", "estate", (144, 140, 136), (0.8, 1.3, 0.84), (4.4, -0.3, 0.84)),
            _walk("keeper", _KEEPER, (3.8, -0.1, 0.66), (8.8, 0.6, 0.72), (10.6, 0.6, 0.72),
                  (14.6, 1.1, 0.86)),
            _drive("silver-estate", "estate", (206, 204, 200), (12.2, -0.3, 0.8), (15.8, 1.3, 0.8)),
        ),
    )  # fmt: skip


def _corridor() -> Scene:
    return Scene(
        name="corridor", display_name="Corridor", location="First floor", loop_s=16,
        is_night=True, horizon_y=0.05, person_scale=0.72, backdrop=paint_corridor,
        actors=(
            _walk("guard", _GUARD, (0.6, -0.14, 0.9), (1.8, 0.34, 0.74), (4.4, 0.47, 0.56),
                  (5.8, 0.47, 0.56), (8.8, 0.6, 0.84), (10.2, 1.14, 0.9)),
            _walk("nurse", _NURSE, (6.8, 1.14, 0.86), (11.8, -0.14, 0.82)),
        ),
    )  # fmt: skip


def _plaza() -> Scene:
    return Scene(
        name="plaza", display_name="Plaza", location="Town side", loop_s=20,
        is_night=False, horizon_y=0.05, person_scale=0.5, backdrop=paint_plaza,
        actors=(
            _walk("stroller", _STROLLER, (0.4, -0.1, 0.74), (7.4, 1.1, 0.78)),
            _walk("courier", _COURIER, (1.8, 1.1, 0.9), (8.0, -0.12, 0.94)),
            _walk("guest", _GUEST, (4.6, 1.1, 0.66), (13.2, -0.1, 0.68)),
            _walk("runner", _RUNNER, (11.4, -0.1, 0.84), (14.8, 1.1, 0.82)),
        ),
    )  # fmt: skip


def _gate() -> Scene:
    return Scene(
        name="gate", display_name="Gate", location="Yard south", loop_s=18,
        is_night=True, horizon_y=-0.15, person_scale=0.36, backdrop=paint_gate,
        actors=(
            _walk("keeper", _KEEPER, (0.6, 1.1, 0.7), (2.8, 0.8, 0.66), (4.4, 0.8, 0.66),
                  (7.6, 1.1, 0.74)),
            _drive("estate", "estate", (150, 146, 140), (3.4, -0.4, 0.84), (8.4, 1.4, 0.84)),
            _walk("runner", _RUNNER, (8.8, -0.1, 0.82), (13.2, 1.1, 0.86)),
        ),
    )  # fmt: skip


def _motorway() -> Scene:
    return Scene(
        name="motorway", display_name="Motorway", location="Junction 12", loop_s=16,
        is_night=False, horizon_y=-0.3, person_scale=0.15, backdrop=paint_motorway,
        actors=(
            _drive("red-car", "saloon", (48, 44, 178), (0.4, -0.3, 0.88), (2.7, 1.3, 0.88)),
            _drive("lorry", "lorry", (152, 96, 40), (1.4, 1.3, 0.5), (6.2, -0.3, 0.5)),
            _drive("blue-estate", "estate", (150, 92, 46), (2.4, -0.3, 0.72), (5.0, 1.3, 0.72)),
            _drive("bus", "bus", (52, 170, 222), (4.6, -0.5, 0.9), (8.6, 1.5, 0.9)),
            _drive("silver-car", "saloon", (186, 184, 180), (6.4, 1.3, 0.4), (9.4, -0.3, 0.4)),
            _drive("van", "van", (150, 84, 40), (8.2, -0.4, 0.74), (11.4, 1.4, 0.74)),
            _drive("black-car", "estate", (58, 54, 52), (9.4, 1.3, 0.51), (12.4, -0.3, 0.51)),
        ),
    )  # fmt: skip
