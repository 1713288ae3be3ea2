import asyncio
import contextlib
import socket

import pytest

from engine.hub.web_server import PortTakenError, bind


def test_a_taken_port_is_a_sentence_with_address_and_remedy():
    with contextlib.closing(bind("127.0.0.1", 0)) as holder:
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTakenError) as refused:
            bind("127.0.0.1", port)
    assert f"127.0.0.1:{port}" in str(refused.value)
    assert "--port" in str(refused.value)
    bind("127.0.0.1", port).close()


def test_an_address_that_is_not_ours_is_a_sentence():
    with pytest.raises(PortTakenError, match=r"192\.0\.2\.1:0"):
        bind("192.0.2.1", 0)


def test_connections_send_at_once():
    """With Nagle's algorithm on, an answer in two parts takes 40 ms on a kept connection."""

    async def options():
        accepted = asyncio.get_running_loop().create_future()

        def greet(_, writer):
            accepted.set_result(writer)

        bound = bind("127.0.0.1", 0)
        server = await asyncio.start_server(greet, sock=bound)
        async with server:
            _, mine = await asyncio.open_connection(*bound.getsockname())
            theirs = await asyncio.wait_for(accepted, 5)
            option = theirs.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY
            )
            for writer in (mine, theirs):
                writer.close()
                await writer.wait_closed()
        return option

    assert asyncio.run(options())
