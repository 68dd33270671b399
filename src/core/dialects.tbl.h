/* The dialects this server speaks: DIALECT(name), a folder each under dialect/. */
DIALECT(envelope)
DIALECT(hub)
DIALECT(tchatator)
