#!/usr/bin/env python3
"""Writes the migrations, one row each, as a table for the preprocessor: SCHEMA(version, name, sql).

Usage: embed.py OUTPUT 001_first.sql 002_second.sql ...
"""
import pathlib
import sys


def row(path):
    version, name = path.stem.split("_", 1)
    lines = path.read_text(encoding="utf-8").splitlines()
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    text = "\n".join(f'    "{line}\\n"' for line in quoted)
    return f'SCHEMA({int(version)}, "{name}",\n{text})\n'


def main():
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    rows = [row(path) for path in sorted(inputs)]
    output.write_text("/* Made by embed.py from the .sql files. */\n" + "".join(rows),
                      encoding="utf-8")


main()
