"""`nvr secrets`: what the secrets file holds, by name, and the way back in."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import asdict

from nvr_app.commands.output import add_json, print_json
from nvr_app.contract.config import Credentials
from nvr_app.errors import UserError
from nvr_app.paths import data_folder
from nvr_app.secrets import Secrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    status = actions.add_parser("status", help="entries by name and where the key lies")
    add_json(status)
    actions.add_parser("recover", help="open with the recovery key and make a new wrapping key")
    bucket = actions.add_parser("bucket", help="keep the keys of a bucket (read from a prompt)")
    bucket.add_argument("name", help="name of the bucket in the settings")
    bucket.add_argument("--key-id", required=True, help="access key id")


def run(args: argparse.Namespace) -> int:
    """Do it. UserError: a sentence."""
    secrets = Secrets(data_folder(args.data_dir))
    if args.action == "recover":
        text = _ask("Recovery key: ")
        print(f"The secrets are open again; the new key lies in: {secrets.recover(text)}")
        return 0
    if args.action == "bucket":
        return _keep_bucket(secrets, args.name, args.key_id)
    status = secrets.status()
    if args.json:
        print_json(asdict(status))
    elif not status.exists:
        print("There is no secrets file yet; it is made with the first password.")
    else:
        print(f"key: {status.key_place or 'missing'}")
        print("\n".join(status.entries))
    return 0


def _keep_bucket(secrets: Secrets, name: str, key_id: str) -> int:
    text = _ask("Secret access key: ")
    if not text:
        raise UserError("no key was given: nothing was changed")
    secrets.set_bucket(name, Credentials(user=key_id, password=text))
    if secrets.new_recovery_key:
        print(f"recovery key of the secrets file, write it down: {secrets.new_recovery_key}")
    print(f"The keys of bucket {name} are kept; a running engine takes them at its next reload.")
    return 0


def _ask(prompt: str) -> str:
    text = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    return text.strip()
