# shellcheck shell=bash disable=SC2154
# The script microdot sources this file and sets the array java.
# The command run --watch: starts the program anew after each change of a source.

# watch FILE.java ARGS...: runs the command in the array java. Never returns.
watch() {
    local changed
    stamp=$(mktemp)
    child=
    trap 'stop_child; rm -f "$stamp"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    while true; do
        # Before the start: a change that comes while the program starts is seen.
        touch "$stamp"
        # Without <&0 the program would read /dev/null.
        "${java[@]}" "$@" <&0 &
        child=$!
        await_change "$1"
        say "microdot: $changed changed, restarting"
        stop_child
    done
}

# Waits until a source is newer than the stamp. Says so once when the program ends by itself, as it does when it does not compile.
await_change() {
    local status
    while true; do
        changed=$(changed_source "$1")
        [ -z "$changed" ] || return 0
        if [ -n "$child" ] && ! kill -0 "$child" 2>/dev/null; then
            wait "$child" && status=0 || status=$?
            child=
            say "microdot: the program ended with status $status, waiting for a change"
        fi
        sleep 0.2
    done
}

# A source that changed after the stamp: FILE.java, or a file of a page or a program in its folder or one below. Other files do not
# count, because the program itself may write them. -cnewer instead of -newer also sees a file that was moved into place.
changed_source() {
    {
        find -L "$1" -cnewer "$stamp" -print -quit
        find -L "$(dirname "$1")" -mindepth 1 -maxdepth 2 \( -name '.*' -o -name target -o -name node_modules \) -prune -o \
            -type f \( -name '*.java' -o -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.mjs' -o -name '*.svg' \) \
            -cnewer "$stamp" -print -quit
    } 2>/dev/null | head -n 1 || true
}

# SIGTERM lets the server close its streams with a retry. SIGINT would not reach a background process of a script.
stop_child() {
    [ -n "$child" ] || return 0
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
    child=
}
