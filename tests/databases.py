"""Databases that tests read from: made under unique names, dropped afterwards; and a TCP proxy before one."""

import socket
import sqlite3
import threading
import uuid
from contextlib import closing, contextmanager, suppress

import psycopg
import pymysql
import pytest
from django.conf import settings

KINDS = ["sqlite", "postgres", "mariadb"]


class Source:
    """One database of a kind: its address, and a way to write to it."""

    def __init__(self, kind, url, connection, name=""):
        self.kind = kind
        self.url = url
        self.connection = connection
        self.name = name

    def run(self, statement, *rows):
        """A statement, once or for each of these rows; `"` quotes names, `?` is a parameter."""
        if self.kind != "sqlite":
            statement = statement.replace("?", "%s")
        if self.kind == "mariadb":
            statement = statement.replace('"', "`")
        cursor = self.connection.cursor()
        if rows:
            cursor.executemany(statement, rows)
        else:
            cursor.execute(statement)
        self.connection.commit()


@contextmanager
def made(kind, folder):
    """A new database of this kind."""
    name = f"ingestion_source_{uuid.uuid4().hex[:12]}"
    if kind == "sqlite":
        connection = sqlite3.connect(folder / "source.sqlite")
        with closing(connection):
            yield Source(kind, f"sqlite:///{folder / 'source.sqlite'}", connection)
        return
    if kind in settings.MISSING:
        pytest.skip(settings.MISSING[kind])
    if kind == "postgres":
        with psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres", autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}"')
            try:
                with psycopg.connect(f"host=127.0.0.1 user=postgres dbname={name}") as connection:
                    yield Source(kind, f"postgresql://postgres@127.0.0.1/{name}", connection)
            finally:
                server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        return
    connection = pymysql.connect(host="127.0.0.1", user="root", charset="utf8mb4")
    cursor = connection.cursor()
    cursor.execute("SET sql_mode = ''")
    cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    connection.select_db(name)
    try:
        yield Source(kind, f"mysql://root@127.0.0.1/{name}", connection, name)
    finally:
        cursor.execute(f"DROP DATABASE `{name}`")
        connection.close()


class Proxy:
    """Hands bytes to a server and back; `cut` breaks every connection, `close` refuses new ones too.

    With `cut_after` each connection is broken once after so many bytes of the server, `cuts` times in all;
    with `for_good` the first time is the last that anything gets through.
    """

    def __init__(self, port, *, cut_after=0, cuts=0, for_good=False):
        self.target = port
        self.cut_after = cut_after
        self.cuts = cuts
        self.for_good = for_good
        self.made = 0
        self.passed = 0
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.made += 1
                server = socket.create_connection(("127.0.0.1", self.target))
                pair = (client, server)
                self.open.append(pair)
                threading.Thread(target=self.pump, args=(client, server, pair, False), daemon=True).start()
                threading.Thread(target=self.pump, args=(server, client, pair, True), daemon=True).start()

    def pump(self, source, target, pair, counted):
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                self.passed += len(data)
                if counted and self.cuts and passed > self.cut_after:
                    self.cuts -= 1
                    self.cut_after = 0 if self.for_good else self.cut_after
                    break
                target.sendall(data)
        for each in pair:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self):
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for pair in self.open:
            for each in pair:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
