/**
 * Events on the disk of one machine: {@link microdot.sqlite.SqliteStore} keeps the topics of one
 * application in one SQLite file.
 */
@NullMarked
package microdot.sqlite;

import org.jspecify.annotations.NullMarked;
