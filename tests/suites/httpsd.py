"""An HTTPS server for trials: httpsd.py DIR PORT CERT KEY; puts each body into DIR/body."""

import http.server
import pathlib
import ssl
import sys

directory = pathlib.Path(sys.argv[1])


class Keep(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        (directory / "body").write_bytes(body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3], sys.argv[4])
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Keep)
server.socket = context.wrap_socket(server.socket, server_side=True)
(directory / "ready").touch()
server.serve_forever()
