/** Keeps the events of topics in Redis: {@link microdot.redis.RedisStore}. */
@NullMarked
package microdot.redis;

import org.jspecify.annotations.NullMarked;
