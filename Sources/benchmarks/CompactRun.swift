import SiteModel
import Storage

/// `benchmarks compact`: takes everything that waits into chunks, gives free pages back and copies
/// the write-ahead log into the file, as a collector does in time.
enum CompactRun {
  static func run(_ options: Options) throws {
    let store = try Store.open(path: try options.text("database"))
    try store.compactAll(now: Fleet.start)
    var free = Int.max
    while true {
      let left = try store.reclaim()
      if left == 0 || left == free { break }
      free = left
    }
    try store.close()
  }
}
