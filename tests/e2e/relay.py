"""A relay between the tool and the sandbox that keeps what passes and can change it: the network of an eavesdropper."""
import re
import socket
import threading


class Relay:
    """Forwards connections to 127.0.0.1:port. `to_server` and `to_client` are lists of (bytes, replacement); a replacement of
    another length is for the beginning of a request only."""

    def __init__(self, url, to_server=(), to_client=()):
        self.port = int(url.rsplit(":", 1)[1])
        self.to_server, self.to_client = to_server, to_client
        self.sent, self.received = bytearray(), bytearray()
        self.refuse = False  # true: connections end before anything passes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuse:
                client.close()
                continue
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            back = threading.Thread(target=self._forward, args=(server, client, self.to_client, self.received), daemon=True)
            back.start()
            self._forward(client, server, self.to_server, self.sent)
            back.join()

    @staticmethod
    def _forward(source, sink, rules, kept):
        try:
            while piece := source.recv(65536):
                for old, new in rules:
                    piece = piece.replace(old, new)
                kept += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def values(self, name):
        """The values that the server has sent under this name, in order."""
        return [value.decode() for value in re.findall(rb'"' + name.encode() + rb'"\s*:\s*"([^"]+)"', self.received)]

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
