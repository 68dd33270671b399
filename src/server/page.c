/* The page at `/`: a sign on the door. It says what this is and how a client connects. */
#include "server/page.h"

static const char text[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Parloir</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}"
    "code{background:#8882;padding:.1em .3em;border-radius:.2em}</style>\n"
    "<h1>Parloir</h1>\n"
    "<p>A chat server is running here. Ce serveur de discussion est en marche.</p>\n"
    "<p>Connect a WebSocket to <code>/ws/hub?token=…</code> or <code>/ws/chat?token=…</code>; a "
    "token comes from "
    "<code>parloir token add NAME --jwt</code>.<br>\n"
    "Connectez un WebSocket à <code>/ws/hub?token=…</code> ou <code>/ws/chat?token=…</code> ; un "
    "jeton s'obtient par "
    "<code>parloir token add NOM --jwt</code>.</p>\n"
    "</html>\n";

struct str page_text(void) {
    return (struct str){ text, sizeof text - 1 };
}
