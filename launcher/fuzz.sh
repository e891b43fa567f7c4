# shellcheck shell=bash disable=SC2154
# The script microdot sources this file and sets home.
# The command fuzz: has Jazzer search for inputs that break a law, for longer than the tests do (FuzzContract).

# fuzz [TARGET|all] [MINUTES]: the minutes are those of each target.
fuzz() {
    local target=${1:-all} minutes=${2:-5} tests='*'
    case $minutes in '' | *[!0-9]* | 0) die "fuzz: $minutes (expected: a number of minutes)" ;; esac
    if [ "$target" != all ]; then
        fuzz_targets | grep -qx -- "$target" || die "fuzz: $target (expected: all, or one of$(fuzz_targets | sed 's/^/ /' | tr -d '\n'))"
        tests=$target
    fi
    say "Searching; what is found is in core/target/fuzz and server/target/fuzz..."
    maven -ntp -Dspotless.check.skip=true -pl structure,core,server test -Dtest="${tests}FuzzTest" \
        -Dsurefire.failIfNoSpecifiedTests=false -Dmicrodot.fuzz.seconds="$((minutes * 60))"
}

fuzz_targets() {
    find "$home"/{core,server}/src/test/java -name '*FuzzTest.java' -exec basename {} FuzzTest.java \; | sort
}
