import Engine
import GRDB
import SiteModel

// The texts that are values of series.

extension Store {
  /// Stores the texts of an outcome under the engine's numbers.
  func insertTexts(_ db: Database, _ outcome: Outcome) throws {
    guard !outcome.newTexts.isEmpty else { return }
    let next = try Int.fetchOne(db, sql: "SELECT ifnull(max(id) + 1, 0) FROM text") ?? 0
    guard next == outcome.firstText else {
      throw StoreError(
        .corrupt("the next text is \(next), not \(outcome.firstText)"), path: path)
    }
    let insert = try db.cachedStatement(sql: "INSERT INTO text VALUES (?, ?)")
    for (offset, text) in outcome.newTexts.enumerated() {
      try insert.execute(arguments: [outcome.firstText + offset, text])
    }
  }
}

extension StoreReader {
  /// All texts that are values, by their numbers.
  public func texts() throws(StoreError) -> TextTable {
    try read { db in
      TextTable(texts: try String.fetchAll(db, sql: "SELECT text FROM text ORDER BY id"))
    }
  }
}
