import os
import stat

import pytest

from engine.hub.tokens import Tokens, make_tokens

TOKENS = Tokens(desk="d" * 64, scraper="5" * 64)


@pytest.mark.parametrize(
    ("header", "actor"),
    [
        (f"Bearer {'d' * 64}", "desk"),
        (f"bearer  {'d' * 64} ", "desk"),
        (f"Bearer {'5' * 64}", "scraper"),
        (f"Bearer {'d' * 63}", None),
        (f"Bearer {'d' * 65}", None),
        (f"Basic {'d' * 64}", None),
        ("d" * 64, None),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
        ("Bearer caf\u00e9", None),
    ],
)
def test_who_sent_a_header(header, actor):
    assert TOKENS.actor(header) == actor


def test_every_start_has_a_new_desk_token_and_keeps_the_scrapers(tmp_path):
    first, second = make_tokens(tmp_path), make_tokens(tmp_path)
    assert first.desk != second.desk
    assert first.scraper == second.scraper == (tmp_path / "metrics.token").read_text().strip()
    assert len({first.desk, second.desk, first.scraper}) == 3
    assert all(len(token) == 64 for token in (first.desk, first.scraper))


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_scrapers_token_is_for_the_group_and_no_one_else(tmp_path):
    make_tokens(tmp_path)
    assert stat.S_IMODE((tmp_path / "metrics.token").stat().st_mode) == 0o640


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64, b"Z" * 64, b"0" * 64 + b"\n0"])
def test_a_damaged_token_file_is_replaced(tmp_path, content):
    (tmp_path / "metrics.token").write_bytes(content)
    tokens = make_tokens(tmp_path)
    assert tokens.scraper.encode() != content
    assert (tmp_path / "metrics.token").read_text() == f"{tokens.scraper}\n"
    assert tokens.actor(f"Bearer {tokens.scraper}") == "scraper"


def test_tokens_are_not_printed():
    assert "d" * 64 not in repr(TOKENS)
