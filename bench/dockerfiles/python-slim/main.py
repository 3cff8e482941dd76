import sqlite3
import ssl

print(sqlite3.connect(":memory:").execute("select 1").fetchone(), ssl.OPENSSL_VERSION.split()[0])
