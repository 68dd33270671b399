/* The page at `/`: what a person sees who opens the server's address in a browser. */
#ifndef PARLOIR_SERVER_PAGE_H
#define PARLOIR_SERVER_PAGE_H

#include "base/str.h"

/* Whole header lines that go with it: nothing is loaded from elsewhere, nothing may frame it. */
#define PAGE_HEADERS                                                                               \
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "                     \
    "frame-ancestors 'none'\r\n"                                                                   \
    "X-Content-Type-Options: nosniff\r\n"                                                          \
    "Referrer-Policy: no-referrer\r\n"

/* The HTML, static. */
struct str page_text(void);

#endif
