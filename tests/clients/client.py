#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client - a running server as Python's own HTTP clients see it.

    tests/clients/client.py URL TOKEN

urllib.request and http.client of the standard library: connections that are kept, HEAD, 304,
gzip, keys, chunked uploads, lines of JSON, problems and event streams. Compressed answers are
demanded only where URL is no address of loopback. Exit status 1 and a traceback when
something is not as it should be.
"""
import gzip
import http.client
import json
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

URL = urllib.parse.urlsplit(sys.argv[1])
SECRET = {"Authorization": "Bearer " + sys.argv[2]}
JSON = {**SECRET, "Content-Type": "application/json"}
TIMEOUT_S = 60


def document(seed):
    return json.dumps({
        "schema": 1, "name": f"Python's, {seed}", "seed": seed,
        "strategies": ["sequential", {"threads": 2}],
        "workload": {"jobs": {"count": 9, "steps": [{"python_us": 100}, {"io_us": 500}]}},
    }).encode()


def connect():
    return http.client.HTTPConnection(URL.hostname, URL.port, timeout=TIMEOUT_S)


def ask(connection, method, path, body=None, headers=SECRET, **options):
    connection.request(method, path, body, headers, **options)
    answer = connection.getresponse()
    return answer, answer.read()


def submit(seed):
    connection = connect()
    answer, body = ask(connection, "POST", "/api/v1/experiments", document(seed), JSON)
    assert answer.status == 201, body
    connection.close()
    return json.loads(body)["id"]


def test_a_connection_is_kept_whatever_is_asked():
    connection = connect()
    connection.connect()
    first = connection.sock
    for method, path, status in [
            ("GET", "/api/v1/models", 200), ("HEAD", "/api/v1/models", 200),
            ("GET", "/api/v1/experiments/e999999", 404), ("HEAD", "/nothing", 404),
            ("OPTIONS", "/api/v1/experiments", 204), ("PUT", "/api/v1/models", 405),
            ("GET", "/healthz", 200), ("GET", "/", 200), ("GET", "/metrics", 200)] * 3:
        answer, body = ask(connection, method, path)
        assert answer.status == status, (method, path, answer.status)
        assert (method == "HEAD" or status == 204) == (body == b""), (method, path)
        assert connection.sock is first, (method, path)
    connection.close()


def test_head_has_the_headers_of_get():
    connection = connect()
    for path in ["/api/v1/models", "/api/v1/schema", "/openapi.json", "/"]:
        get, body = ask(connection, "GET", path)
        head, nothing = ask(connection, "HEAD", path)
        assert nothing == b"" and int(head.headers["Content-Length"]) == len(body), path
        ignored = {"Date", "X-Request-Id"}
        assert ({n: v for n, v in get.getheaders() if n not in ignored}
                == {n: v for n, v in head.getheaders() if n not in ignored}), path
    connection.close()


def test_what_is_known_is_not_sent_again():
    connection = connect()
    answer, _ = ask(connection, "GET", "/api/v1/models")
    tag = answer.headers["ETag"]
    for known in [tag, "W/" + tag, f'"x", {tag}', "*"]:
        again, body = ask(connection, "GET", "/api/v1/models",
                          headers={**SECRET, "If-None-Match": known})
        assert (again.status, body) == (304, b""), known
        assert again.headers["ETag"] == tag
    other, _ = ask(connection, "GET", "/api/v1/models",
                   headers={**SECRET, "If-None-Match": '"x"'})
    assert other.status == 200
    try:
        urllib.request.urlopen(urllib.request.Request(
            sys.argv[1] + "/api/v1/models", headers={**SECRET, "If-None-Match": tag}))
        raise AssertionError("urllib got no 304")
    except urllib.error.HTTPError as error:
        assert error.code == 304
    connection.close()


def test_gzip_is_the_same_in_less():
    connection = connect()
    plain, body = ask(connection, "GET", "/api/v1/models")
    # A client on this machine must speak for another one.
    packed, small = ask(connection, "GET", "/api/v1/models",
                        headers={**SECRET, "Accept-Encoding": "gzip, deflate",
                                 "X-Forwarded-For": "192.0.2.7"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(small) < len(body)
    assert gzip.decompress(small) == body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    refused, same = ask(connection, "GET", "/api/v1/models",
                        headers={**SECRET, "Accept-Encoding": "gzip;q=0"})
    assert refused.headers["Content-Encoding"] is None and same == body
    connection.close()


def test_a_key_makes_one_experiment():
    connection = connect()
    keyed = {**JSON, "Idempotency-Key": "python-1"}
    made, body = ask(connection, "POST", "/api/v1/experiments", document(1), keyed)
    again, same = ask(connection, "POST", "/api/v1/experiments", document(1), keyed)
    assert made.status == 201 and again.status in (200, 201)
    assert json.loads(body)["id"] == json.loads(same)["id"]
    assert made.headers["Location"] == again.headers["Location"]
    other, _ = ask(connection, "POST", "/api/v1/experiments", document(2), keyed)
    assert other.status == 409
    connection.close()


def test_a_body_may_come_in_chunks():
    connection = connect()
    text = document(3)
    pieces = (text[i:i + 7] for i in range(0, len(text), 7))
    answer, body = ask(connection, "POST", "/api/v1/experiments", pieces,
                       {**JSON, "Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert answer.status == 201, body
    again, _ = ask(connection, "GET", answer.headers["Location"])
    assert again.status == 200
    connection.close()


def test_who_asks_first_is_told_to_go_on():
    text = document(4)
    with socket.create_connection((URL.hostname, URL.port), TIMEOUT_S) as raw:
        head = [f"POST /api/v1/experiments HTTP/1.1\r\nHost: {URL.netloc}\r\n",
                f"Authorization: {SECRET['Authorization']}\r\nExpect: 100-continue\r\n",
                "Content-Type: application/json\r\n", f"Content-Length: {len(text)}\r\n\r\n"]
        raw.sendall("".join(head).encode())
        file = raw.makefile("rb")
        assert file.readline().startswith(b"HTTP/1.1 100")
        assert file.readline() == b"\r\n"
        raw.sendall(text)
        assert file.readline().startswith(b"HTTP/1.1 201")


def test_a_list_comes_in_lines():
    submit(5), submit(6)
    connection = connect()
    lines = {**SECRET, "Accept": "application/x-ndjson"}
    answer, body = ask(connection, "GET", "/api/v1/experiments?limit=2", headers=lines)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    items = [json.loads(line) for line in body.decode().splitlines()]
    assert len(items) == 3 and items[0]["id"] != items[1]["id"] and "next" in items[2]
    connection.close()


def test_an_experiment_is_a_file_of_sqlite():
    name = submit(8)
    connection = connect()
    while json.loads(ask(connection, "GET", f"/api/v1/experiments/{name}")[1])["status"] != "done":
        time.sleep(0.02)
    answer, body = ask(connection, "GET", f"/api/v1/experiments/{name}/export?format=sqlite")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="gilscope-{name}.sqlite"'
    assert int(answer.headers["Content-Length"]) == len(body)
    with tempfile.NamedTemporaryFile(suffix=".sqlite") as file:
        file.write(body)
        file.flush()
        database = sqlite3.connect(file.name)
        rows = database.execute(
            "SELECT strategy, count(*) FROM cells JOIN runs USING (cell_id)"
            " JOIN spans USING (run_id) GROUP BY position ORDER BY position").fetchall()
        assert [strategy for strategy, _ in rows] == ["sequential", "threads(2)"], rows
        assert all(count > 9 for _, count in rows), rows
        database.close()
    connection.close()


def problem(method, path, body=None, headers=JSON):
    try:
        urllib.request.urlopen(urllib.request.Request(
            sys.argv[1] + path, data=body, headers=headers, method=method), timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        assert error.headers["Content-Type"] == "application/problem+json", path
        told = json.load(error)
        assert told["status"] == error.code and told["detail"] and told["title"], path
        return error, told
    raise AssertionError(f"{method} {path} was not refused")


def test_errors_are_problems():
    post = ("POST", "/api/v1/experiments")
    for status, (error, told) in [
            (401, problem("GET", "/api/v1/models", headers={})),
            (404, problem("GET", "/nothing")),
            (405, problem("DELETE", "/api/v1/models")),
            (406, problem("GET", "/api/v1/models", headers={**SECRET, "Accept": "a/b"})),
            (413, problem(*post, b"x" * 1100000)),
            (415, problem(*post, b"{}", {**SECRET, "Content-Type": "text/plain"})),
            (400, problem(*post, b"{")),
            (422, problem(*post, document(7).replace(b"python_us", b"pyhton_us"))),
            (400, problem("GET", "/api/v1/experiments?limit=x"))]:
        assert error.code == status, told
        if status == 401:
            assert error.headers["WWW-Authenticate"].startswith("Bearer")
        if status == 405:
            assert error.headers["Allow"] == "GET, HEAD, OPTIONS"
        if status == 422:
            assert told["errors"][0]["pointer"].startswith("/workload/jobs/steps/0"), told
            assert "python_us" in told["detail"], told


def events_until_finished(stream, experiment):
    """The ids of all events up to the one that says that the experiment has ended."""
    assert stream.headers["Content-Type"] == "text/event-stream"
    ids, fields = [], {}
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "id" or name == "event":
            fields[name] = value
        elif name == "" and value == "":
            fields = {}
        elif name == "data":
            if "id" in fields:
                ids.append(int(fields["id"]))
            if fields["event"] == "finished" and json.loads(value)["experiment"] == experiment:
                return ids
    raise AssertionError("the stream has ended")


def test_event_streams_tell_of_the_end_and_go_on():
    connection, other = connect(), connect()
    connection.request("GET", "/api/v1/events", headers=SECRET)
    stream = connection.getresponse()
    ids = events_until_finished(stream, submit(20))
    made = submit(9)
    ids += events_until_finished(stream, made)
    # Who comes again later is told what it does not know.
    other.request("GET", "/api/v1/events", headers={**SECRET, "Last-Event-ID": str(ids[0])})
    assert events_until_finished(other.getresponse(), made) == ids[1:]
    connection.close()
    other.close()


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)


main()
