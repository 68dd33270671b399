/* Every option there is. Defaults, the file, the environment, --set, etc/parloir.conf,
 * parloir.conf(5) and --help all come from this table.
 *
 *   OPT(field, "section.key", kind, bounds, default, other environment variable, when, help)
 *
 *   kind     type in struct config            written as
 *   TEXT       struct str, terminated           any text
 *   SECRET     struct secret, terminated        any text; never shown
 *   SWITCH     bool                             on, off
 *   NUMBER     uint64_t                         a whole number
 *   BYTES      uint64_t                         a number, also with KiB, MiB, GiB
 *   TIME       uint64_t, milliseconds           a number of ms, also with ms, s, m, h, d
 *   CHOICE     unsigned, an enum of config.h    one of the words given
 *   ADDRESSES  struct config_list               [tls:]IP:PORT or [tls:]unix:/path, comma-separated
 *   LIST       struct config_list               words, comma-separated
 *
 *   when: RELOAD takes effect on SIGHUP, START needs a restart, HIDDEN also is in no listing.
 *
 * `field` is the name with `_` for `.`; a test holds the two together. */

OPT(data_dir, "data.dir", TEXT, SET, "./data", NULL, START,
    "The directory that holds the database, keys and the control socket; made with "
    "mode 0700.")

OPT(store_url, "store.url", TEXT, ANY, "", "DATABASE_URL", START,
    "Where everything is kept: sqlite:PATH, or memory: for nothing kept at all; empty means "
    "sqlite:<data.dir>/parloir.db.")
OPT(store_away_ms, "store.away_ms", TIME, RANGE(100, 600000), "5s", NULL, RELOAD,
    "How long a write waits for a store that does not answer before the sender is told that it "
    "is away.")

OPT(history_messages_max, "history.messages_max", NUMBER, RANGE(0, 9007199254740991), "0", NULL,
    RELOAD,
    "Messages a room keeps, the newest; 0 for no limit. A room may have rules of its own: parloir "
    "room keep.")
OPT(history_bytes_max, "history.bytes_max", BYTES, RANGE(0, 9007199254740991), "0", NULL, RELOAD,
    "Bytes of text a room keeps, the newest; 0 for no limit.")
OPT(history_age_max, "history.age_max", TIME, RANGE(0, 3155760000000), "0", NULL, RELOAD,
    "The age up to which a room keeps messages; 0 for no limit.")

OPT(cluster_url, "cluster.url", TEXT, ANY, "", "REDIS_URL", START,
    "The Redis server that links several nodes; this build runs as a single node, so it stays "
    "empty.")

OPT(http_listen, "http.listen", ADDRESSES, ANY, "127.0.0.1:8080", NULL, START,
    "Addresses that serve HTTP and every WebSocket dialect.")
OPT(http_origins, "http.origins", LIST, SET, "*", NULL, RELOAD,
    "Origins whose pages may call: * for all, or a list such as https://chat.example.org; "
    "others get 403.")

OPT(tchatator_listen, "tchatator.listen", ADDRESSES, ANY, "127.0.0.1:4242", NULL, START,
    "Addresses for the line protocol tchatator; those of http.listen understand it, too.")
OPT(tchatator_idle_ms, "tchatator.idle_ms", TIME, RANGE(1000, 86400000), "10m", NULL, RELOAD,
    "The silence after which a connection of the line protocol is closed.")
OPT(tchatator_require_login, "tchatator.require_login", SWITCH, ANY, "off", NULL, RELOAD,
    "Whether a connection of the line protocol must LOGIN first; off: the token in each command "
    "is enough.")

OPT(hub_listen, "hub.listen", ADDRESSES, ANY, "", "WS_BIND_ADDR", START,
    "Addresses on which every path is the hub dialect; empty for none.")

OPT(mobile_proof, "mobile.proof", CHOICE, ONE_OF("otp|token|open"), "otp", NULL, RELOAD,
    "How a number is proved in the mobile dialect, which this version does not speak.")

OPT(tls_cert, "tls.cert", TEXT, ANY, "", NULL, RELOAD,
    "The PEM file with the certificate chain for addresses that begin with tls:.")
OPT(tls_key, "tls.key", TEXT, ANY, "", NULL, RELOAD,
    "The PEM file with the private key of tls.cert.")

OPT(auth_jwt_secret, "auth.jwt_secret", SECRET, ANY, "", "JWT_SECRET", RELOAD,
    "The secret that signs HS256 tokens, at least 32 bytes; empty means the one in "
    "<data.dir>/jwt.key, made at first start.")
OPT(auth_jwt_key_file, "auth.jwt_key_file", TEXT, ANY, "", NULL, RELOAD,
    "A PEM public key or a JWKS file that verifies RS256, ES256 and EdDSA tokens of another "
    "issuer.")
OPT(auth_issuer, "auth.issuer", TEXT, ANY, "", NULL, RELOAD,
    "What the iss claim of a token must be; empty: not checked.")
OPT(auth_audience, "auth.audience", TEXT, ANY, "", NULL, RELOAD,
    "What the aud claim of a token must name; empty: not checked.")
OPT(auth_provision, "auth.provision", SWITCH, ANY, "on", NULL, RELOAD,
    "Whether a valid token whose user is unknown creates that user.")
OPT(auth_failures_per_minute, "auth.failures_per_minute", NUMBER, RANGE(0, 1000000), "10", NULL,
    RELOAD,
    "How many failed authentications one address may have a minute before it is refused for a "
    "minute; 0 for no limit.")

OPT(limits_profile, "limits.profile", CHOICE, ONE_OF("documented|chat|open"), "documented", NULL,
    RELOAD,
    "The rates at which a user may write: each dialect's own, 60 a minute everywhere, or none; "
    "single keys below override it.")
OPT(limits_envelope_per_minute, "limits.envelope.per_minute", NUMBER, RATE, "10", NULL, RELOAD,
    "Messages a user may write in a minute through envelope; 0 for no limit.")
OPT(limits_envelope_per_hour, "limits.envelope.per_hour", NUMBER, RATE, "100", NULL, RELOAD,
    "Messages a user may write in an hour through envelope; 0 for no limit.")
OPT(limits_envelope_burst, "limits.envelope.burst", NUMBER, RATE, "0", NULL, RELOAD,
    "How many of a minute's messages may come at once through envelope; 0 for all of them.")
OPT(limits_tchatator_per_minute, "limits.tchatator.per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Messages a user may write in a minute through tchatator; 0 for no limit.")
OPT(limits_tchatator_per_hour, "limits.tchatator.per_hour", NUMBER, RATE, "600", NULL, RELOAD,
    "Messages a user may write in an hour through tchatator; 0 for no limit.")
OPT(limits_tchatator_burst, "limits.tchatator.burst", NUMBER, RATE, "0", NULL, RELOAD,
    "How many of a minute's messages may come at once through tchatator; 0 for all of them.")
OPT(limits_mobile_per_minute, "limits.mobile.per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Messages a user may write in a minute through mobile; 0 for no limit.")
OPT(limits_mobile_per_hour, "limits.mobile.per_hour", NUMBER, RATE, "0", NULL, RELOAD,
    "Messages a user may write in an hour through mobile; 0 for no limit.")
OPT(limits_mobile_burst, "limits.mobile.burst", NUMBER, RATE, "20", NULL, RELOAD,
    "How many of a minute's messages may come at once through mobile; 0 for all of them.")
OPT(limits_hub_per_minute, "limits.hub.per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Messages a user may write in a minute through hub; 0 for no limit.")
OPT(limits_hub_per_hour, "limits.hub.per_hour", NUMBER, RATE, "0", NULL, RELOAD,
    "Messages a user may write in an hour through hub; 0 for no limit.")
OPT(limits_hub_burst, "limits.hub.burst", NUMBER, RATE, "20", NULL, RELOAD,
    "How many of a minute's messages may come at once through hub; 0 for all of them.")
OPT(limits_socketio_per_minute, "limits.socketio.per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Messages a user may write in a minute through socketio; 0 for no limit.")
OPT(limits_socketio_per_hour, "limits.socketio.per_hour", NUMBER, RATE, "0", NULL, RELOAD,
    "Messages a user may write in an hour through socketio; 0 for no limit.")
OPT(limits_socketio_burst, "limits.socketio.burst", NUMBER, RATE, "20", NULL, RELOAD,
    "How many of a minute's messages may come at once through socketio; 0 for all of them.")
OPT(limits_rest_per_minute, "limits.rest.per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Messages a user may write in a minute through REST; 0 for no limit.")
OPT(limits_rest_per_hour, "limits.rest.per_hour", NUMBER, RATE, "0", NULL, RELOAD,
    "Messages a user may write in an hour through REST; 0 for no limit.")
OPT(limits_rest_burst, "limits.rest.burst", NUMBER, RATE, "20", NULL, RELOAD,
    "How many of a minute's messages may come at once through REST; 0 for all of them.")
OPT(limits_message_chars, "limits.message_chars", NUMBER, RANGE(1, 100000), "4000", NULL, RELOAD,
    "Characters a message may have.")
OPT(limits_message_bytes, "limits.message_bytes", BYTES, RANGE(4096, 16777216), "64KiB", NULL,
    START,
    "Bytes a frame from a client may have, unpacked; a longer one closes its connection with 1009.")
OPT(limits_connections_per_address, "limits.connections_per_address", NUMBER, RANGE(0, 10000000),
    "100", NULL, RELOAD, "Connections one address may hold; 0 for no limit.")
OPT(limits_connections_per_user, "limits.connections_per_user", NUMBER, RANGE(0, 10000000), "10",
    NULL, RELOAD, "Connections one user may hold, a newer one being refused; 0 for no limit.")
OPT(limits_uploads_per_minute, "limits.uploads_per_minute", NUMBER, RATE, "60", NULL, RELOAD,
    "Files a user may begin to send in a minute; 0 for no limit.")
OPT(limits_follows_per_connection, "limits.follows_per_connection", NUMBER, RANGE(1, 65535), "1000",
    NULL, RELOAD, "Rooms one connection may follow.")
OPT(limits_outbox_bytes, "limits.outbox_bytes", BYTES, RANGE(65536, 1073741824), "1MiB", NULL,
    RELOAD,
    "Bytes that may wait for one connection; a reader slower than that is closed with 4408.")
OPT(limits_backlog_bytes, "limits.backlog_bytes", BYTES, RANGE(1048576, 1099511627776), "256MiB",
    NULL, RELOAD,
    "Bytes that may wait for all slow readers together; the less of it is left, the less may wait "
    "for each.")
OPT(limits_hello_ms, "limits.hello_ms", TIME, RANGE(100, 600000), "10s", NULL, RELOAD,
    "How long a connection may take to send its first request and authenticate.")

OPT(media_bytes_max, "media.bytes_max",
    BYTES, RANGE(1, 1099511627776), "10MiB", NULL, RELOAD, "Bytes one upload may have.")
OPT(media_quota_bytes, "media.quota_bytes",
    BYTES, RANGE(0, 1099511627776), "1GiB", NULL, RELOAD,
    "Bytes all uploads of one user may have together, each being counted as 4 KiB at least; 0 for "
    "no limit.")
OPT(media_spare_bytes, "media.spare_bytes",
    BYTES, RANGE(0, 1099511627776), "64MiB", NULL, START,
    "Bytes of the disk that uploads leave free: with less, they are refused.")
OPT(media_orphan_ms, "media.orphan_ms", TIME, RANGE(1000, 31536000000), "24h", NULL, RELOAD,
    "How long an upload that no message shows is kept.")

OPT(server_workers, "server.workers", NUMBER, RANGE(0, 64), "0", NULL, START,
    "Threads that serve connections; 0 for one on each CPU.")
OPT(server_credits, "server.credits", NUMBER, RANGE(16, 1048576), "4096", NULL, START,
    "Commands that may be under way at once, all connections together; beyond it the server "
    "stops reading.")
OPT(server_drain_ms, "server.drain_ms", TIME, RANGE(0, 600000), "8s", NULL, RELOAD,
    "How long ending in order may take before what is left is cut off.")

OPT(log_level, "log.level", CHOICE, ONE_OF("error|warn|info|debug"), "info", NULL, RELOAD,
    "The least important lines the log shows.")
OPT(log_format, "log.format", CHOICE, ONE_OF("text|json"), "text", NULL, RELOAD,
    "How a log line is written: for people, or one JSON object a line for machines.")

OPT(tape_file, "tape.file", TEXT, ANY, "", NULL, HIDDEN,
    "A file that records what the core was given, to be replayed.")
