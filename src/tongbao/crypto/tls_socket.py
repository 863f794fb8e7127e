"""A TLS socket that is closed when it cannot even begin: `context.sslsocket_class = TlsSocket`.

Python's own takes the descriptor over from the plain socket and then looks whether the peer is
still there. When the peer has reset the connection by then it raises and nobody is left to close
the descriptor, which stays open until the garbage collector comes by.
"""

from __future__ import annotations

import errno
import ssl
from typing import Final

# What a socket says that listens, or was never connected: the parent goes on with it.
_NOT_CONNECTED: Final = (errno.ENOTCONN, errno.EINVAL)


class TlsSocket(ssl.SSLSocket):
    """`ssl.SSLSocket` that lets go of its descriptor when its peer was gone before the handshake.

    Spec: our own.
    """

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read as the parent does; before there is any TLS, a failure closes the socket.

        Raises: OSError as the parent does.
        Spec: our own.
        """
        try:
            return super().recv(buflen, flags)
        except OSError as error:
            has_begun = getattr(self, "_sslobj", None) is not None
            if not has_begun and error.errno not in _NOT_CONNECTED:
                self.close()
            raise
