import Setup
import TestSupport
import Testing

@testable import Collector

/// One collector a database.
@Suite struct CollectorLockTests {
  private func text(_ database: String) -> String? {
    do throws(StartError) {
      _ = try CollectorLock(database: database)
      return nil
    } catch { return error.description }
  }

  @Test func aSecondCollectorIsRefusedUntilTheFirstEnds() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/d.db"
    do {
      let lock = try CollectorLock(database: path)
      #expect(text(path) == "another collector works on \(path)")
      #expect(text(folder.path + "/other.db") == nil)
      withExtendedLifetime(lock) {}
    }
    #expect(text(path) == nil)
  }

  @Test func aFolderThatIsMissingIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/none/d.db"
    #expect(text(path) == "\(path).lock: cannot be locked (No such file or directory)")
  }

  @Test func theStatusLineShowsWhatIsWrong() {
    let status = PipelineStatus()
    #expect(status.now.line.hasPrefix("not connected; 0 messages"))
    status.update { $0.careTrouble = "damaged" }
    #expect(status.now.line.hasPrefix("FILE NOT LOOKED AFTER: damaged; not connected"))
  }
}
