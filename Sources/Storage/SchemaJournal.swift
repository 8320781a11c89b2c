extension Schema {
  /// Compression and retention of the journal (schema 2).
  static let journalMigration = ""
}
