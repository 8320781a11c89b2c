/// The program that ``WebhookReceiver`` runs: a web server of Python's standard library.
///
/// It answers what its standard input scripts, one JSON object a line, and then 200; it tells on
/// its standard output, one JSON object a line, its port, each scripted answer and each request.
/// It ends when its standard input does, so that no test leaves it behind.
let webhookReceiverScript = """
  import base64, collections, http.server, json, os, ssl, sys, threading, time

  answers = collections.deque()
  lock = threading.Lock()

  def tell(event):
      with lock:
          print(json.dumps(event), flush=True)

  def read_script():
      for line in sys.stdin:
          answers.append(json.loads(line))
          tell({"event": "scripted"})
      os._exit(0)

  class Handler(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"

      def handle_request(self):
          length = int(self.headers.get("Content-Length") or 0)
          body = base64.b64encode(self.rfile.read(length)).decode()
          try:
              answer = answers.popleft()
          except IndexError:
              answer = {}
          headers = {name.lower(): value for name, value in self.headers.items()}
          tell({"event": "request", "method": self.command, "path": self.path,
                "headers": headers, "body": body})
          try:
              self.answer(answer)
          except OSError:
              self.close_connection = True

      def answer(self, answer):
          time.sleep(answer.get("headDelay_ms", 0) / 1000)
          body = answer.get("body", "").encode() + b"x" * answer.get("padding_bytes", 0)
          self.send_response(answer.get("status", 200))
          for name, value in answer.get("headers", {}).items():
              self.send_header(name, value)
          self.send_header("Content-Length", str(len(body)))
          self.end_headers()
          time.sleep(answer.get("bodyDelay_ms", 0) / 1000)
          self.wfile.write(body)

      do_GET = do_POST = do_PUT = handle_request

      def log_message(self, *ignored):
          pass

  class Server(http.server.ThreadingHTTPServer):
      daemon_threads = True
      request_queue_size = 128

      def handle_error(self, *ignored):
          pass

  server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
  if len(sys.argv) > 2:
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[2], sys.argv[3])
      server.socket = context.wrap_socket(server.socket, server_side=True,
                                          do_handshake_on_connect=False)
  threading.Thread(target=read_script, daemon=True).start()
  tell({"event": "listening", "port": server.server_port})
  server.serve_forever()
  """
