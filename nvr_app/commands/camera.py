"""`nvr camera`: add, list, test, remove, and the login of a camera."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args

import msgspec

from nvr_app.commands.output import add_json, print_json, print_table
from nvr_app.commands.reload import tell_engine
from nvr_app.contract.config import (
    CameraSettings,
    Credentials,
    Settings,
    SourceKind,
    StreamRole,
    Transport,
)
from nvr_app.contract.endpoint import read_endpoint
from nvr_app.contract.ids import camera_id_fault
from nvr_app.engine_client import EngineUnreachableError, get_json
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder
from nvr_app.secrets import Secrets
from nvr_app.settings_file import load_settings, save_settings
from nvr_app.source_urls import onvif_fault, source_fault, split_credentials

if TYPE_CHECKING:
    from engine.card.describe import CardDescription


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a camera, or change the one of that id")
    add.add_argument("id")
    add.add_argument("--main", required=True, help="address of the main stream")
    add.add_argument("--sub", default="", help="address of the substream")
    add.add_argument("--name", default="")
    add.add_argument("--location", default="")
    add.add_argument("--kind", choices=get_args(SourceKind), help="default: by the address")
    add.add_argument("--transport", choices=get_args(Transport), default="tcp")
    add.add_argument(
        "--verify-tls", action="store_true", help="check an rtsps camera's certificate"
    )
    add.add_argument(
        "--onvif",
        default="",
        metavar="URL",
        help="ONVIF device service: gaps are filled from the camera's own card",
    )
    _add_login(add)
    listing = actions.add_parser("list", help="cameras and how they are")
    add_json(listing)
    test = actions.add_parser("test", help="connect, measure and give advice")
    test.add_argument("id")
    test.add_argument("--seconds", type=float, default=6.0)
    add_json(test)
    password = actions.add_parser("password", help="set a camera's login")
    password.add_argument("id")
    _add_login(password)
    remove = actions.add_parser("remove", help="forget a camera; its footage stays")
    remove.add_argument("id")


def _add_login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", help="login; the password is asked for")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )


def run(args: argparse.Namespace) -> int:
    """Do it. UserError: a sentence."""
    folder = data_folder(args.data_dir)
    actions: dict[str, Callable[[DataFolder, argparse.Namespace], int]] = {
        "add": _add, "list": _list, "test": _test, "password": _password, "remove": _remove,
    }  # fmt: skip
    return actions[args.action](folder, args)


def _add(folder: DataFolder, args: argparse.Namespace) -> int:
    fault = camera_id_fault(args.id)
    if fault:
        raise UserError(fault)
    kind: SourceKind = args.kind or _kind_of(args.main)
    main, login = _bare(kind, args.main)
    sub, sub_login = _bare(kind, args.sub)
    for name, url in (("--main", main), ("--sub", sub)):
        fault = source_fault(kind, url) if url else None
        if fault:
            raise UserError(f"{name}: {fault}")
    onvif, onvif_login = split_credentials(args.onvif)
    fault = onvif_fault(onvif) if onvif else None
    if fault:
        raise UserError(f"--onvif: {fault}")
    login = _asked_login(args) or login or sub_login or onvif_login
    camera = CameraSettings(
        id=args.id,
        name=args.name,
        location=args.location,
        kind=kind,
        main=main,
        sub=sub,
        transport=args.transport,
        verify_tls=args.verify_tls,
        onvif=onvif,
    )
    folder.create()
    settings = _good_settings(folder)
    others = [known for known in settings.camera if known.id != camera.id]
    is_new = len(others) == len(settings.camera)
    if is_new:
        cameras = [*settings.camera, camera]
    else:
        cameras = [camera if known.id == camera.id else known for known in settings.camera]
    if login is not None:
        _keep_login(folder, camera.id, login)
    save_settings(folder, msgspec.structs.replace(settings, camera=tuple(cameras)))
    print(f"Camera {camera.id} was {'added' if is_new else 'changed'}. {tell_engine(folder)}")
    return 0


def _list(folder: DataFolder, args: argparse.Namespace) -> int:
    loaded = load_settings(folder)
    states, otherwise = _states(folder)
    rows = [
        {
            "camera_id": camera.id,
            "name": camera.display_name,
            "location": camera.location,
            "kind": camera.kind,
            "status": states.get(camera.id, otherwise),
            "main": camera.main,
            "sub": camera.sub,
        }
        for camera in loaded.settings.camera
    ]
    if args.json:
        print_json(rows)
    else:
        columns = ("camera_id", "name", "location", "status", "main")
        print_table(columns, [[row[column] for column in columns] for row in rows])
    for mistake in loaded.mistakes:
        print(mistake, file=sys.stderr)
    return 0


def _test(folder: DataFolder, args: argparse.Namespace) -> int:
    from engine.base.clock import SystemClock
    from engine.card.describe import describe_card
    from engine.media.errors import SourceError
    from engine.media.probe import probe_source

    camera = _known(load_settings(folder).settings, args.id)
    credentials = Secrets(folder).camera(camera.id)
    roles: list[StreamRole] = ["main", "sub"] if camera.sub else ["main"]
    results = []
    for role in roles:
        try:
            results.append(probe_source(camera, role, credentials, args.seconds))
        except SourceError as error:
            raise UserError(f"{camera.id}, {role} stream: {error}") from None
    card = describe_card(camera, credentials, SystemClock()) if camera.onvif else None
    if args.json:
        print_json([asdict(one) for one in (*results, *((card,) if card else ()))])
        return 0
    for result in results:
        print(
            f"{camera.id} {result.role}: {result.codec} {result.width}x{result.height}, "
            f"{result.fps:g} fps (announced {result.announced_fps:g}), "
            f"GOP {f'{result.gop_s:g} s' if result.gop_s else 'unknown'}, "
            f"{result.bitrate_bps / 1e6:.2f} Mbit/s, sound {result.audio_codec or 'none'}, "
            f"over {result.transport}, opened in {result.open_s:g} s"
        )
        for advice in result.advice:
            print(f"  advice: {advice}")
    if card is not None:
        _print_card(camera.id, card)
    return 0


def _print_card(camera_id: str, card: CardDescription) -> None:
    print(f"{camera_id} card: {card.sentence()}")
    if card.trouble and card.offers_profile_g:
        print(f"  nothing is fetched from it: {card.trouble}")


def _password(folder: DataFolder, args: argparse.Namespace) -> int:
    camera = _known(load_settings(folder).settings, args.id)
    login = _asked_login(args)
    if login is None:
        raise UserError("name the login with --user")
    _keep_login(folder, camera.id, login)
    print(f"The login of {camera.id} was kept. {tell_engine(folder)}")
    return 0


def _remove(folder: DataFolder, args: argparse.Namespace) -> int:
    settings = _good_settings(folder)
    camera = _known(settings, args.id)
    kept = tuple(other for other in settings.camera if other.id != camera.id)
    save_settings(folder, msgspec.structs.replace(settings, camera=kept))
    Secrets(folder).remove_camera(camera.id)
    print(
        f"Camera {camera.id} was removed; its footage stays in {folder.recordings / camera.id}. "
        + tell_engine(folder)
    )
    return 0


def _keep_login(folder: DataFolder, camera_id: str, login: Credentials) -> None:
    secrets = Secrets(folder)
    secrets.set_camera(camera_id, login)
    if secrets.new_recovery_key:
        print(
            "A secrets file was made. Write its recovery key down, it is shown this once:\n"
            f"    {secrets.new_recovery_key}"
        )


def _asked_login(args: argparse.Namespace) -> Credentials | None:
    if args.user is None:
        return None
    if args.password_stdin:
        return Credentials(user=args.user, password=sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise UserError("there is no terminal to ask for the password; use --password-stdin")
    return Credentials(user=args.user, password=getpass.getpass(f"Password of {args.user}: "))


def _bare(kind: SourceKind, url: str) -> tuple[str, Credentials | None]:
    return split_credentials(url) if kind in {"rtsp", "mjpeg"} else (url, None)


def _kind_of(url: str) -> SourceKind:
    scheme = url.partition("://")[0].lower()
    if scheme in {"http", "https"}:
        return "mjpeg"
    if url.startswith("/dev/video"):
        return "usb"
    return "rtsp"


def _known(settings: Settings, camera_id: str) -> CameraSettings:
    for camera in settings.camera:
        if camera.id == camera_id:
            return camera
    known = ", ".join(camera.id for camera in settings.camera) or "none yet"
    raise UserError(f"no camera is called {camera_id!r}; known: {known}")


def _good_settings(folder: DataFolder) -> Settings:
    """Settings that may be written back: a file with mistakes is mended by hand first."""
    loaded = load_settings(folder)
    if loaded.mistakes:
        raise UserError(
            "the settings file has mistakes; mend them first:\n"
            + "\n".join(str(mistake) for mistake in loaded.mistakes)
        )
    return loaded.settings


def _states(folder: DataFolder) -> tuple[dict[str, str], str]:
    """States by camera, and what to say of a camera without one."""
    endpoint = read_endpoint(folder.run)
    if endpoint is None:
        return {}, "engine not running"
    try:
        answer = get_json(endpoint, "/api/v1/cameras/status")
    except EngineUnreachableError:
        return {}, "engine does not answer"
    except UserError as error:
        return {}, str(error)
    known = {status["camera_id"]: status["status"] for status in answer["cameras"]}
    return known, "not known to the engine"
