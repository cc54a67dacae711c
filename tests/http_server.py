"""A web server on loopback that answers as it is told."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """``answers`` are pairs of status and headers, the last one for ever; ``requests`` what has been asked."""

    def __init__(self, *answers, body=b"", context=None, wait=None):
        self.answers = list(answers) or [(200, {})]
        self.requests = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                site.requests.append((self.command, self.path, dict(self.headers.items()), content))
                status, headers = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
                if wait is not None:
                    wait.wait(10)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self):
                self.do_POST()

            def do_CONNECT(self):
                site.requests.append((self.command, self.path, dict(self.headers.items()), b""))
                self.send_error(403, "no tunnels here")

            def log_message(self, *_words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._server.handle_error = lambda *_: None
        self.port = self._server.server_address[1]
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
