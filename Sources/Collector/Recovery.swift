import Engine
import Logging
import Setup
import SiteModel
import Storage

/// Brings the engine to where the journal ends: the newest snapshot, and a replay of what came
/// after. What the replay causes is in the file already, because it was committed with the batch.
struct Recovery {
  let store: Store
  let references: ReferenceKeeper
  let log: Logger

  /// The engine after the newest journal row, and that row's number.
  func engine() throws(StartError) -> (engine: Engine, segment: Int64) {
    var (engine, segment) = try fromSnapshot()
    let start = segment
    let batch = Batch()
    var outcome = Outcome()
    var failure: StartError?
    do throws(StoreError) {
      try store.reader.forEachSegment(after: segment) { row in
        do {
          try batch.load(row.body)
          outcome.removeAll()
          try engine.process(batch, segment: row.seq, into: &outcome) {
            files throws(Problems) in try references.compiled(files)
          }
          segment = row.seq
          return true
        } catch {
          failure = .damaged(
            "journal row \(row.seq) cannot be replayed: \(error); run 'sitewatt verify'")
          return false
        }
      }
    } catch { throw .store(error) }
    if let failure { throw failure }
    if segment > start { log.info("replayed \(segment - start) journal rows") }
    return (engine, segment)
  }

  private func fromSnapshot() throws(StartError) -> (Engine, Int64) {
    let snapshot: (seq: Int64, bytes: [UInt8])?
    let names: [String]
    do throws(StoreError) {
      snapshot = try store.reader.latestSnapshot()
      names = try store.reader.deviceNames()
    } catch { throw .store(error) }
    guard let snapshot else { return (try make([]), 0) }
    do {
      let engine = try make(try Engine.activeFiles(of: snapshot.bytes))
      try engine.restore(snapshot.bytes, names: names)
      return (engine, snapshot.seq)
    } catch let error as CorruptBytes {
      log.warning("the saved state does not fit (\(error)); the whole journal is replayed")
      return (try make([]), 0)
    } catch let error as StartError {
      throw error
    } catch {
      preconditionFailure("no other error is thrown here: \(error)")
    }
  }

  /// An engine with nothing but the given files.
  private func make(_ files: [Int64]) throws(StartError) -> Engine {
    do throws(Problems) {
      let reference = try files.isEmpty ? Reference.compile([]) : references.compiled(files)
      return Engine(reference: reference, activeFiles: files)
    } catch { throw .problems(error) }
  }
}
