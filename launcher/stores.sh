# shellcheck shell=bash disable=SC2154
# The script microdot sources this file and sets home.
# The modules that keep events on disk, in Redis, in NATS: built only for the programs that name them.

stores=()

# add_stores NAMES: builds the modules of these stores, separated by ',', and puts them on the class path that set_java makes.
add_stores() {
    local names name outdated=()
    IFS=, read -ra names <<<"$1"
    for name in "${names[@]}"; do
        is_up_to_date "store-$name" core "stores/$name" || outdated+=("$name")
    done
    stores+=("${names[@]}")
    [ ${#outdated[@]} -gt 0 ] || return 0
    compile "structure,core,server,testing,stores/shared$(printf ',stores/%s' "${outdated[@]}")"
    for name in "${outdated[@]}"; do classpath "store-$name" "stores/$name"; done
    train_again
}

# Checked before anything is built.
check_stores() {
    local names name
    [ -n "$1" ] || die "run: --with: no value (expected: sqlite, redis, nats, or several of them, separated by ',')"
    IFS=, read -ra names <<<"$1"
    for name in "${names[@]}"; do
        case $name in
            sqlite | redis | nats) ;;
            *) die "run: --with: '$name' (expected: sqlite, redis, nats, or several of them, separated by ',')" ;;
        esac
    done
}

# The AOT cache fits only the jars that it was made with: it is made again when one of them was written again.
train_again() {
    local jars
    IFS=: read -ra jars <"$home/target/run.classpath"
    if [ ! -f "$home/target/run.aot" ] || [ -n "$(find "${jars[@]}" -newer "$home/target/run.aot" -print -quit)" ]; then train; fi
}

# merged NAMES...: prints the class paths as one, each jar once, in this order.
merged() {
    (cd "$home/target" && tr ':' '\n' <<<"$(cat "${@/%/.classpath}")") | awk '!seen[$0]++' | paste -sd:
}

# demo ARGS...: the demo itself refuses a --store that it does not know.
demo() {
    local argument previous='' store=''
    for argument in "$@"; do
        case $previous in --store) store=$argument ;; esac
        case $argument in --store=*) store=${argument#*=} ;; esac
        previous=$argument
    done
    build
    case ${store%%:*} in
        sqlite | nats) add_stores "${store%%:*}" ;;
        redis | rediss | redis-sentinel | rediss-sentinel) add_stores redis ;;
    esac
    set_timer_slack
    exec_java demo dashboard.Main "$@"
}
