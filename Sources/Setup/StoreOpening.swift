import Storage

extension Settings {
  /// Opens the database for writing as the configuration wants it kept.
  public func openStore() throws(StoreError) -> Store {
    var options = StoreOptions()
    options.synchronous = storage.synchronous == "normal" ? .normal : .full
    options.maximumSizeMB = storage.maxSizeMiB
    options.rawRetentionDays = storage.retention.rawDays
    options.hourlyRetentionDays = storage.retention.hourlyDays
    options.dailyRetentionDays = storage.retention.dailyDays
    options.journalRetentionDays = storage.retention.journalDays
    options.rollupHour = storage.rollupHour
    options.rollupDay = storage.rollupDay
    return try Store.open(path: database, options: options)
  }
}
