# SPDX-License-Identifier: Apache-2.0
"""The placeholder service: answers 200 on the health path and its own name at /.

It stands where the real service will, so that the load balancer, the certificate and
the firewall can be seen to work before there is anything to serve. Settings come from
the environment: SERVICE_NAME, SERVICE_PORT, SERVICE_HEALTH_PATH, and TLS_DIRECTORY
with cert.pem and key.pem.
"""

import http.server
import os
import pathlib
import ssl

NAME = os.environ["SERVICE_NAME"]
PORT = int(os.environ["SERVICE_PORT"])
HEALTH_PATH = os.environ["SERVICE_HEALTH_PATH"]
TLS_DIRECTORY = pathlib.Path(os.environ["TLS_DIRECTORY"])
ANSWERS = {"/": NAME, HEALTH_PATH: "ok"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "placeholder"
    sys_version = ""
    # Longer than the 60 s for which a load balancer keeps an idle connection, so that
    # the balancer never sends into one that is just being closed.
    timeout = 75

    def do_GET(self):
        path = self.path.partition("?")[0]
        found = path in ANSWERS
        body = (ANSWERS[path] if found else "not found").encode() + b"\n"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_request(self, code="-", size="-"):
        # Health checks come every few seconds for ever and say nothing while they pass.
        if getattr(self, "path", None) != HEALTH_PATH:
            super().log_request(code, size)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(TLS_DIRECTORY / "cert.pem", TLS_DIRECTORY / "key.pem")
    server = Server(("", PORT), Handler)
    # The handshake happens in the connection's own thread: a client that stalls in it
    # must not keep the others out.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
