# shellcheck shell=bash disable=SC2154
# The script microdot sources this file and sets home.
# The commands install and new: what leads from this repository to a project of its own.

# install MAVEN ARGS...: puts the libraries into the local Maven repository, without running tests.
install() {
    say "Installing (the first time downloads the libraries)..."
    logged install -ntp -Pdocumented -Dspotless.check.skip=true -Dmaven.test.skip=true \
        -pl .,bom,structure,core,server,testing,stores/shared,stores/sqlite,stores/redis,stores/nats install "$@"
    say "Installed microdot, microdot-core, microdot-testing, microdot-sqlite, microdot-redis, microdot-nats and microdot-bom $(project_version). Next: ./microdot new DIR"
}

# new DIR: makes a project from the template. Its script run replaces Maven's exec plugin: exec:java needs a Maven that runs on Java 25, and
# exec:exec leaves the program running when only Maven gets a signal.
new() {
    [ $# = 1 ] || die "new: $# arguments (expected: ./microdot new DIR)"
    local folder=$1 template=$home/launcher/template name file
    case $folder in
        '' | -*) die "new: '$folder' (expected: a folder that is new or empty)" ;;
    esac
    if [ -e "$folder" ] && [ ! -d "$folder" ]; then die "new: $folder is not a folder (expected: a folder that is new or empty)"; fi
    if [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; then die "new: $folder is not empty (expected: a folder that is new or empty)"; fi
    mkdir -p "$folder"
    name=$(artifact_name "$folder")
    (cd "$template" && find . -type f) | while IFS= read -r file; do
        mkdir -p "$folder/$(dirname "$file")"
        sed -e "s/@NAME@/$name/g" -e "s/@VERSION@/$(project_version)/g" -e "s/@JUNIT@/$(project_property junit.version)/g" \
            "$template/$file" >"$folder/$file"
        if [ -x "$template/$file" ]; then chmod +x "$folder/$file"; fi
    done
    say "Made $folder. Next: ./microdot install (once), then in $folder: ./run"
}

# The folder's name with the characters that Maven takes.
artifact_name() {
    local name
    name=$(basename "$(cd "$1" && pwd)" | tr -c 'A-Za-z0-9_.\n' '-' | sed 's/^[^A-Za-z0-9]*//')
    printf '%s' "${name:-app}"
}

project_version() {
    sed -n 's:^  <version>\(.*\)</version>.*:\1:p' "$home/pom.xml"
}

project_property() {
    sed -n "s:^ *<$1>\(.*\)</$1>.*:\1:p" "$home/pom.xml"
}
