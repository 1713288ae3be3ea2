"""Telling a running engine that its settings changed."""

from __future__ import annotations

from nvr_app.contract.endpoint import read_endpoint
from nvr_app.engine_client import EngineUnreachableError, post
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder


def tell_engine(folder: DataFolder) -> str:
    """What the running engine makes of the change, as a sentence."""
    endpoint = read_endpoint(folder.run)
    if endpoint is None:
        return "No engine runs on this folder; the change counts from its next start."
    try:
        post(endpoint, "/api/v1/settings/reload")
    except EngineUnreachableError:
        return "The engine does not answer; the change counts from its next start."
    except UserError as error:
        return f"The engine did not take the change: {error}"
    return "The running engine takes the change now."
