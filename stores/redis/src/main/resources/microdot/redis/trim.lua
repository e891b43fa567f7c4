-- ARGV: prefix, topic, skew.
trim(ARGV[2], clock(ARGV[3]), 1024)
return {0}
