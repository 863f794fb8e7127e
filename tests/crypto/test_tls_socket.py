"""A peer that resets before the handshake leaves no descriptor behind."""

import gc
import select
import socket
import ssl
import struct
import warnings

import pytest

from tongbao.crypto.tls_socket import TlsSocket


@pytest.mark.parametrize(("kind", "left_open"), [(TlsSocket, 0), (ssl.SSLSocket, 1)])
def test_a_peer_that_resets_before_the_handshake_leaves_nothing_open(kind, left_open):
    """The second case is Python's own fault; when it is mended there, this class may go."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname(), timeout=5)
        far, _ = listener.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        select.select([near], [], [], 5)
    context = ssl.create_default_context()
    context.sslsocket_class = kind
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            context.wrap_socket(near, server_hostname="localhost")
        except OSError as error:
            assert isinstance(error, ConnectionResetError)  # noqa: PT017 - the traceback must go
        gc.collect()
    assert [one.category for one in seen] == [ResourceWarning] * left_open
