package dashboard;

import org.jspecify.annotations.Nullable;

/**
 * What a page is told when events it should have had are no longer kept.
 *
 * @param from the last id the page had
 * @param to the id up to which events are missing; the next event follows it
 * @param missed how many are missing; null where that cannot be known
 * @param reason {@code expired}, {@code restarted} or {@code invalid}
 */
record Gap(String from, String to, @Nullable Long missed, String reason) {}
