#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
feed_server - a web server that misbehaves on demand, for test_feeds.sh.

  feed_server.py FOLDER [CERTIFICATE KEY]

Listens on a free port of 127.0.0.1 and writes it into FOLDER/port (or the certificate's name with .port). What it does on
/feed/NAME stands in FOLDER/NAME.mode; each request is a line in FOLDER/NAME.requests. Prices are by the hour from
yesterday 00:00 UTC on, for three days.
"""
import gzip
import io
import http.server
import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.parse
import zipfile

FOLDER = sys.argv[1]
HOUR = 3600


def midnight():
    now = int(time.time())
    return now - now % 86400


def csv(first, hours, price=lambda i: 40 + i % 24, step=HOUR):
    rows = ["time,price_eur_per_mwh"]
    for i in range(hours):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first + i * step))
        rows.append(f"{stamp},{price(i)}")
    return ("\n".join(rows) + "\n").encode()


def good():
    return csv(midnight() - 24 * HOUR, 72)


def outage(number, power):
    """One document: a unit of 890 MW has so much for four days."""
    start, end = (time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(midnight() + days * 24 * HOUR)) for days in (-1, 3))
    unit = "production_RegisteredResource.pSRType.powerSystemResources.name"
    return f"""<Unavailability_MarketDocument xmlns="urn:x"><mRID>m{number}</mRID><revisionNumber>1</revisionNumber><type>A80</type>
<createdDateTime>{start[:-1]}:00Z</createdDateTime><TimeSeries><businessType>A53</businessType><{unit}>Island 1</{unit}>
<Available_Period><timeInterval><start>{start}</start><end>{end}</end></timeInterval><resolution>PT60M</resolution>
<Point><position>1</position><quantity>{power}</quantity></Point></Available_Period></TimeSeries></Unavailability_MarketDocument>"""


def archive(first, count, lowest=None):
    """Documents that leave 800 MW each, but for the last one, if it is said what that leaves."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for i in range(first, first + count):
            file.writestr(f"{i}.xml", outage(i, 800 if lowest is None or i < first + count - 1 else lowest))
    return packed.getvalue()


NO_DATA = b"""<?xml version="1.0"?><Acknowledgement_MarketDocument xmlns="urn:x"><Reason><code>999</code>
<text>No matching data found for Data item Unavailability</text></Reason></Acknowledgement_MarketDocument>"""

BOMB = gzip.compress(b"0" * 50_000_000)  # 49 kB

STARTED = {}  # of each feed: the mode that its last delivery began in


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def chunks(self, headers, chunk, pause):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            time.sleep(pause)

    def do_GET(self):
        name = self.path.split("?")[0].split("/")[-1]
        with open(os.path.join(FOLDER, name + ".mode"), encoding="utf-8") as file:
            mode = file.read().strip()
        # Pages of one delivery are of one mode, whenever it is switched.
        mode = STARTED.setdefault(name, mode) if self.offset() > 0 else mode
        STARTED[name] = mode
        with open(os.path.join(FOLDER, name + ".requests"), "a", encoding="utf-8") as file:
            file.write(f"{mode} {self.path} etag={self.headers.get('If-None-Match')} "
                       f"token={self.headers.get('auth-token')} agent={self.headers.get('User-Agent')}\n")
        self.close_connection = True
        try:
            getattr(self, "mode_" + mode)()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def mode_good(self):
        self.send(200, good())

    def mode_slow(self):
        time.sleep(8)
        self.send(200, good())

    def mode_drip(self):
        self.chunks((), b"t", 0.2)

    def mode_endless(self):
        self.chunks((), b"x" * 65536, 0.01)

    def mode_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"x" * 8000 + b"\r\n")
            time.sleep(0.005)

    def mode_long(self):
        self.send(200, b"x", length=10**12)

    def mode_bomb(self):
        self.send(200, BOMB, [("Content-Encoding", "gzip")])

    def mode_packed(self):
        self.send(200, gzip.compress(good()), [("Content-Encoding", "gzip")])

    def mode_damaged(self):
        self.send(200, gzip.compress(good())[:60] + b"\xff" * 40, [("Content-Encoding", "gzip")])

    def mode_foreign(self):
        self.send(200, good(), [("Content-Encoding", "own-invention")])

    def mode_utf16(self):
        self.send(200, good().decode().encode("utf-16"))

    def mode_html(self):
        self.send(200, b"<!DOCTYPE html><html><body>Please log in</body></html>", [("Content-Type", "text/html")])

    def mode_empty(self):
        self.send(200)

    def mode_nothing(self):
        self.send_response(204)
        self.end_headers()

    def mode_loop(self):
        self.send(302, headers=[("Location", self.path)])

    def mode_elsewhere(self):
        self.send(302, headers=[("Location", "http://localhost:9/feed/stolen")])

    def mode_tofile(self):
        self.send(302, headers=[("Location", "file:///etc/passwd")])

    def mode_http(self):
        self.send(302, headers=[("Location", "http://127.0.0.1:9/feed/plain")])

    def mode_tag(self):
        if self.headers.get("If-None-Match") == '"one"':
            self.send_response(304)
            self.end_headers()
        else:
            self.send(200, good(), [("ETag", '"one"')])

    def mode_badtag(self):
        """Nonsense under a tag of its own: that tag must never be sent back."""
        self.send(200, b"time,price_eur_per_mwh\nnonsense\n", [("ETag", '"bad"')])

    def mode_busy(self):
        self.send(429, b'{"error": "quota"}', [("Retry-After", "3600")])

    def mode_broken(self):
        self.send(500, b"<html>stack trace</html>")

    def mode_denied(self):
        self.send(401, f'{{"error": "bad token {self.headers.get("auth-token")} in {self.path}"}}'.encode())

    def mode_echo(self):
        """A server that quotes the token where a price should be."""
        self.send(200, f"time,price_eur_per_mwh\n2026-01-01T00:00:00Z,{self.headers.get('auth-token')}\n".encode())

    def mode_cut(self):
        body = good()
        self.send(200, body[:500], length=len(body))

    def mode_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def mode_babble(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    def mode_charts(self):
        """energy-charts.info's form."""
        first = midnight() - 24 * HOUR
        self.send(200, json.dumps({"license_info": "test", "unix_seconds": [first + i * HOUR for i in range(72)],
                                   "price": [40 + i % 24 + 0.25 for i in range(72)], "unit": "EUR / MWh"}).encode(),
                  [("Content-Type", "application/json")])

    def offset(self):
        return int(urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).get("offset", ["0"])[0])

    def pages(self, *bodies):
        """Behind the last one nothing matches."""
        page = self.offset() // 200
        self.send(200, bodies[page] if page < len(bodies) else NO_DATA)

    def mode_one(self):
        self.send(200, archive(0, 20, 700), [("ETag", '"one"')])

    def mode_two(self):
        """What counts is on the last page."""
        self.pages(archive(0, 200), archive(200, 30, 600))

    def mode_three(self):
        """The last one is full: only what lies behind it tells that it is the last."""
        self.pages(archive(0, 200), archive(200, 200), archive(400, 200, 500))

    def mode_secondfails(self):
        if self.offset() > 0:
            self.send(503, b"try later")
        else:
            self.send(200, archive(0, 200, 100))

    def mode_seconddamaged(self):
        self.pages(archive(0, 200, 100), archive(200, 30)[:900])

    def mode_secondlarge(self):
        self.pages(archive(0, 200, 100), b"PK\x03\x04" + b"x" * 300_000)

    def mode_forever(self):
        self.send(200, archive(self.offset(), 200, 100))

    def mode_deaf(self):
        """It does not know that it is asked for another page."""
        self.send(200, archive(0, 200, 100))

    def mode_half(self):
        self.send(200, b'{"unix_seconds": [1, 2')

    def mode_year(self):
        self.send(200, csv(midnight() - 363 * 24 * HOUR, 4 * 365 * 24, step=HOUR // 4))

    def mode_yesterday(self):
        self.send(200, csv(midnight() - 48 * HOUR, 72))

    def mode_kilowatt(self):
        self.send(200, csv(midnight() - 24 * HOUR, 72, lambda i: (40 + i % 24) / 1000))

    def mode_spike(self):
        self.send(200, csv(midnight() - 24 * HOUR, 72, lambda i: 94640 if i == 3 else 40 + i % 24))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    where = os.path.join(FOLDER, "port")
    if len(sys.argv) == 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        where = sys.argv[2] + ".port"
    with open(where + ".new", "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    os.rename(where + ".new", where)
    server.serve_forever()


main()
