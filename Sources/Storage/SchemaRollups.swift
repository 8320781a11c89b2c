extension Schema {
  /// Tables of the hourly and daily figures (schema 2).
  static let rollupMigration = ""
}
