"""What the demo's workers reach outside: the gateway that sends SMS, and upstream's server that is
called back. Prints its port, then each request that arrives, and answers as the real ones do.
"""

import http.server
import json


class Outside(http.server.BaseHTTPRequestHandler):
    answers = {
        "/sms": {"id": "sms-1"},
        "/api/private/client/evaluate": {"result": "OK", "resultReason": ""},
        "/api/private/client/approve": {"result": "OK", "resultReason": ""},
    }

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        print(f"POST {self.path} {body}", flush=True)
        answer = json.dumps(self.answers.get(self.path, {})).encode()
        self.send_response(200 if self.path in self.answers else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
print(server.server_port, flush=True)
server.serve_forever()
