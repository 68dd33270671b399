#!/usr/bin/env python3
"""The house rules' own test: a tree that is fine, and what must be found once it is spoilt.

Prints TAP. A rule without a planted violation is a failure, too.
"""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("tidy", str(TOP / "script/tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

TITLE = "/* A part of the test tree. */\n"
FINE = {
    "src/base/str.h": TITLE + "#ifndef S_H\n#define S_H\n\n/* Says yes. */\nint str_yes(int a);\n"
                            "int str_no(int a);\n\n#endif\n",
    "src/base/str.c": TITLE + '#include "base/str.h"\n\nint str_yes(int a) {\n    if (a > 0) {\n'
                            "        return 1;    // strcpy() in a comment is fine\n    }\n"
                            '    return "free(malloc)"[0];\n}\n',
    "src/core/cmd.h": TITLE,
    "src/core/room.h": TITLE,
    "src/base/meson.build": "sources = ['str.c']\n",
}


def body_of(lines):
    return TITLE + "static int f(int a) {\n" + "    a++;\n" * lines + "    return a;\n}\n"


def nest_of(depth):
    text = TITLE + "static void f(int a) {\n"
    for i in range(depth):
        text += "    " * (i + 1) + "if (a) {\n"
    text += "    " * (depth + 1) + "a++;\n"
    for i in range(depth, 0, -1):
        text += "    " * i + "}\n"
    return text + "}\n"


def chain_of(depth):
    files = {f"src/net/h{i}.h": TITLE + f'#include "net/h{i + 1}.h"\n' for i in range(depth)}
    return {**files, f"src/net/h{depth}.h": TITLE + '#include "base/str.h"\n',
            "src/net/new.c": TITLE + '#include "net/h0.h"\n'}


NEW = "src/base/new.c"
TABLE = "    static const int t[] = {\n" + "        1,\n" * 80 + "    };\n"

# (rule, files to add, where it is found); no place: the tree must stay fine.
PLANTS = [
    ("file-size", {NEW: TITLE + "\n" * tidy.C_LINES_MAX}, f"{NEW}:801"),
    ("file-size", {"src/base/new.h": TITLE + "//\n" * tidy.H_LINES_MAX}, "src/base/new.h:251"),
    ("line-length", {NEW: TITLE + "//" + "é" * 99 + "\n"}, f"{NEW}:2"),
    ("line-length", {NEW: TITLE + "//" + "é" * 98 + "\n"}, None),
    ("function-size", {NEW: body_of(68)}, f"{NEW}:2"),
    ("function-size", {NEW: body_of(67)}, None),
    ("function-size", {NEW: TITLE + "static int f(void) {\n" + TABLE + "    return t[0];\n}\n"},
     None),
    ("parameters", {NEW: TITLE + "int f(int a, int b, int c, int d, int e, int g, int h) {\n"
                               "    return a;\n}\n"}, f"{NEW}:2"),
    ("parameters", {NEW: TITLE + "int f(int (*a)(int, int), int b, int c, int d, int e, int g) {\n"
                               "    return b;\n}\n"}, None),
    ("nesting", {NEW: nest_of(5)}, f"{NEW}:7"),
    ("nesting", {NEW: nest_of(4)}, None),
    ("braces", {NEW: TITLE + "static int f(int a) {\n    if (a)\n        return 1;\n"
                           "    return 0;\n}\n"}, f"{NEW}:3"),
    ("goto-fail", {NEW: TITLE + "static int f(int a) {\n    goto out;\nout:\n    return a;\n}\n"},
     f"{NEW}:3"),
    ("goto-fail", {NEW: TITLE + "static int f(int a) {\n    goto fail;\nfail:\n    return a;\n}\n"},
     None),
    ("banned-calls", {NEW: TITLE + "static void f(char *a) {\n    strcpy(a, a);\n}\n"}, f"{NEW}:3"),
    ("banned-calls", {"src/net/new.c": TITLE + "static void f(char *a) {\n    free(a);\n}\n"},
     "src/net/new.c:3"),
    ("banned-calls", {NEW: TITLE + "static void f(char *a) {\n    free(a);\n}\n"}, None),
    ("banned-calls", {"src/net/new.c": TITLE + "static void f(struct s *a) {\n    a->free(a);\n"
                                             "    conn_free(a);\n}\n"}, None),
    ("file-top", {NEW: "int x(void);\n"}, f"{NEW}:1"),
    ("export-comments", {"src/base/new.h": TITLE + "\nint f(int a);\n"}, "src/base/new.h:3"),
    ("export-comments", {"src/base/new.h": TITLE + "\n/* Both. */\nint f(int a);\nint g(int a,\n"
                                                 "      int b);\nint h(int a);\n"}, None),
    ("export-comments", {"src/base/new.h": TITLE + "\n/* With its limit. */\n#define A_MAX 1\n"
                                                 "int f(int a);\n"}, None),
    ("free-takes-pointer-to-pointer", {"src/base/new.h": TITLE + "\n/* Ends. */\n"
                                       "void conn_free(struct conn *conn);\n"}, "src/base/new.h:4"),
    ("free-takes-pointer-to-pointer", {"src/base/new.h": TITLE + "\n/* Ends. */\n"
                                       "void conn_free(struct conn **conn);\n"}, None),
    ("must-use", {"src/base/new.h": TITLE + "\n/* Tries. */\nenum err f(int a);\n"},
     "src/base/new.h:4"),
    ("must-use", {"src/base/new.h": TITLE + "\n/* Tries. */\nenum err f(int a) MUST_USE;\n"}, None),
    ("typedefs", {NEW: TITLE + "typedef int number;\n"}, f"{NEW}:2"),
    ("typedefs", {NEW: TITLE + "typedef struct {\n    int v;\n} room_id;\n"}, None),
    ("todo", {NEW: TITLE + "// TO" + "DO mend\n"}, f"{NEW}:2"),
    ("todo", {NEW: TITLE + "// TO" + "DO(#12) mend\n"}, None),
    ("own-headers", {NEW: TITLE + "".join(f'#include "base/h{i}.h"\n' for i in range(26)),
                     **{f"src/base/h{i}.h": TITLE for i in range(26)}}, f"{NEW}:1"),
    ("include-paths", {NEW: TITLE + '#include "../base/str.h"\n'}, f"{NEW}:2"),
    ("include-paths", {NEW: TITLE + '#include "str.h"\n'}, f"{NEW}:2"),
    ("include-paths", {"src/net/new.c": TITLE + '#include "net/made.tbl.h"\n',
                       "src/net/meson.build": "output: 'made.tbl.h'\n"}, None),
    ("arrows", {NEW: TITLE + '#include "core/cmd.h"\n'}, f"{NEW}:2"),
    ("arrows", {"src/net/new.c": TITLE + '#include "core/cmd.h"\n'}, "src/net/new.c:2"),
    ("arrows", {"src/dialect/new.c": TITLE + '#include "core/room.h"\n'}, "src/dialect/new.c:2"),
    ("arrows", {"src/dialect/new.c": TITLE + '#include "core/cmd.h"\n'}, None),
    ("arrows", {"src/core/new.c": TITLE + "#include <time.h>\n"}, "src/core/new.c:2"),
    ("arrows", {"src/dialect/new_test.c": TITLE + '#include "test/unit.h"\n', "test/unit.h": TITLE},
     None),
    ("doors", {"src/net/new.c": TITLE + "#include <yyjson.h>\n"}, "src/net/new.c:2"),
    ("folder-loops", {"src/server/a.h": TITLE + '#include "net/n.h"\n',
                      "src/net/n.h": TITLE + '#include "server/a.h"\n'}, "src/net/n.h:2"),
    ("include-depth", chain_of(6), "src/net/new.c:1"),
    ("include-depth", chain_of(5), None),
    ("built", {"src/base/lost_test.c": TITLE}, "src/base/lost_test.c:1"),
    ("built", {"src/net/meson.build": "sources = ['gone.c']\n"}, "src/net/meson.build:1"),
    ("built", {"src/net/x/new.c": TITLE, "src/net/meson.build": "sources = ['x/new.c']\n"}, None),
    ("words", {"README.md": "see /wo" + "rk/main\n"}, "README.md:1"),
    ("mutable-globals", {"src/base/new.c": TITLE + "static int counter;\nint f(void);\n"
                                          "int f(void) {\n    return counter++;\n}\n"}, f"{NEW}:1"),
    ("mutable-globals", {"src/base/new.c": TITLE + "static const char *const t[] = { \"a\" };\n"
                                          "const char *f(int a);\nconst char *f(int a) {\n"
                                          "    return t[a];\n}\n"}, None),
    ("layout", {NEW: TITLE + "static int  f(void);\n"}, f"{NEW}:2"),
    ("header-comments", {"src/base/new.h": TITLE + "struct a {\n    int b;\n};\n"},
     "src/base/new.h:1"),
]


def plant(root, files):
    for path, text in files.items():
        target = pathlib.Path(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    shutil.copy(TOP / ".clang-format", root)


def compile_objects(root):
    made = pathlib.Path(root, "build/gcc/src/libparloir-base.a.p")
    made.mkdir(parents=True)
    subprocess.run(["cc", "-fPIE", "-c", str(pathlib.Path(root, NEW)), "-o",
                    str(made / "base_new.c.o")], check=True)


def findings_of(name, files):
    check = next(c for c in tidy.RULES + tidy.WARNINGS if tidy.name_of(c) == name)
    with tempfile.TemporaryDirectory() as root:
        plant(root, {**FINE, **files})
        if name == "mutable-globals":
            compile_objects(root)
        (_, findings, why), = tidy.run(tidy.Tree(root), [check])
        return (None, why) if findings is None else ([f"{p}:{n}" for p, n, _ in findings], "")


def self_test():
    broken = 0
    for name, files, place in PLANTS:
        found, why = findings_of(name, files)
        fine = found is None or (place in found if place else not found)
        broken += not fine
        print(("ok" if fine else "not ok") + f" - tidy {name} " +
              (f"finds {place}" if place else "leaves what is right alone") +
              (f" # SKIP {why}" if found is None else "" if fine else f", found {found}"))
    untested = {tidy.name_of(c) for c in tidy.RULES + tidy.WARNINGS} - \
        {name for name, _, place in PLANTS if place}
    print(("not ok" if untested else "ok") + f" - every tidy rule has a planted violation" +
          "".join(f" {n}" for n in sorted(untested)))
    return 1 if broken or untested else 0


sys.exit(self_test())
