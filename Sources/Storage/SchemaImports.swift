extension Schema {
  /// Imports of historic readings (schema 2).
  static let importMigration = ""
}
