# What the scripts share. Sourced, from the top of the repository.

say() { printf '%s\n' "$*" >&2; }

# Runs a command in silence; shows what it said only if it failed.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# configure DIR OPTION...: makes DIR a Meson build directory with these options, unless it is
# one already. A folder that got its first meson.build makes Meson look again.
configure() {
    local dir=$1 stamp
    shift
    stamp=$(printf '%s\n' "$@" && find src test -name node_modules -prune -o \
        \( -name meson.build -o -name main.c \) -print | sort)
    if [ ! -f "$dir/build.ninja" ]; then
        quietly meson setup "$dir" "$@" || return
    elif [ "$stamp" != "$(cat "$dir/.configured" 2>/dev/null)" ]; then
        quietly meson setup --reconfigure "$dir" "$@" || return
    fi
    printf '%s\n' "$stamp" >"$dir/.configured"
}

# compile DIR [TARGET]...: brings DIR up to date, and is quiet about it.
compile() {
    local dir=$1
    shift
    quietly ninja --quiet -C "$dir" "$@"
}

# release: build/parloir, the program people run.
release() {
    configure build && compile build parloir
}
