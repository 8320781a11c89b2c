extension Schema {
  /// Imports of historic readings (schema 2).
  static let importMigration = """
    CREATE TABLE import (
      -- Files of historic readings and how far they were read, so that an import that was ended
      -- goes on where it stopped.
      id INTEGER PRIMARY KEY,      -- order of begin
      name TEXT NOT NULL,          -- file name without its folder
      size INTEGER NOT NULL,       -- bytes
      sha256 BLOB NOT NULL,        -- of the first MiB and of how the columns are read
      started_ms INTEGER NOT NULL,
      changed_ms INTEGER NOT NULL, -- last step
      finished_ms INTEGER,         -- NULL until the whole file was read
      offset INTEGER NOT NULL,     -- bytes that were read
      line INTEGER NOT NULL,       -- line that begins there, from 1
      rows INTEGER NOT NULL,       -- rows that were read
      stored INTEGER NOT NULL,     -- readings that they had
      rejected INTEGER NOT NULL,   -- rows and values that could not be used
      UNIQUE (name, size, sha256)
    ) STRICT;
    CREATE TABLE import_rejection (
      -- Rows and values that could not be used: the first 1,000 of each import.
      id INTEGER PRIMARY KEY,
      import INTEGER NOT NULL REFERENCES import,
      line INTEGER NOT NULL,       -- of the file, from 1
      reason TEXT NOT NULL         -- what was found and expected
    ) STRICT;

    """
}
