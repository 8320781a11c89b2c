/// Saving the engine's state outside a commit.
extension Store {
  /// Saves the engine's state after journal row `seq`, so that a long recovery need not begin
  /// again.
  public func saveSnapshot(_ bytes: [UInt8], after seq: Int64) throws(StoreError) {
    try write { db in try insertSnapshot(db, seq, bytes) }
  }
}
