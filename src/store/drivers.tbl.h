/* The stores this build has.
 *
 * DRIVER(scheme, open, form)
 *
 * open   enum err open(struct str rest_of_url, struct store **out, struct buf *why), as store_open
 * form   what such a URL looks like, for the sentence that refuses another */
DRIVER(sqlite, store_sqlite_open, "sqlite:PATH")
DRIVER(memory, store_memory_open, "memory: (forgets everything at the end)")
