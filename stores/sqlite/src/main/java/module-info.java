/** Events on the disk of one machine: a store in one SQLite file. */
module microdot.sqlite {
    exports microdot.sqlite;

    requires transitive microdot.core;
    requires java.sql;
    requires static transitive org.jspecify;
    requires org.xerial.sqlitejdbc;
}
