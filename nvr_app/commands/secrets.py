"""`nvr secrets`: what the secrets file holds, by name, and the way back in."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import asdict

from nvr_app.commands.output import add_json, print_json
from nvr_app.paths import data_folder
from nvr_app.secrets import Secrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    status = actions.add_parser("status", help="entries by name and where the key lies")
    add_json(status)
    actions.add_parser("recover", help="open with the recovery key and make a new wrapping key")


def run(args: argparse.Namespace) -> int:
    """Do it. UserError: a sentence."""
    secrets = Secrets(data_folder(args.data_dir))
    if args.action == "recover":
        is_terminal = sys.stdin.isatty()
        text = getpass.getpass("Recovery key: ") if is_terminal else sys.stdin.readline()
        print(f"The secrets are open again; the new key lies in: {secrets.recover(text)}")
        return 0
    status = secrets.status()
    if args.json:
        print_json(asdict(status))
    elif not status.exists:
        print("There is no secrets file yet; it is made with the first password.")
    else:
        print(f"key: {status.key_place or 'missing'}")
        print("\n".join(status.entries))
    return 0
