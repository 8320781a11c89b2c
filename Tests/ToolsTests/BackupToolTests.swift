import Engine
import Foundation
import Setup
import SiteModel
import Storage
import TestSupport
import Testing

@testable import Tools

/// Backups get their name when they are whole, and come back without losing what they replace.
@Suite struct BackupToolTests {
  private let folder: TemporaryFolder
  private let settings: Settings
  private var target: String { folder.path + "/b.db" }
  private let now = Timestamp(milliseconds: 1_772_323_200_000)

  init() throws {
    folder = try TemporaryFolder()
    settings = try folder.settings(database: "d.db")
  }

  private func commit(_ count: Int, to path: String? = nil, closing: Bool = true) throws {
    let store = try Store.open(path: path ?? settings.database)
    for _ in 0..<count {
      let batch = Batch(capacity: 64)
      [UInt8]("{}".utf8).withUnsafeBytes { bytes in
        batch.append(
          topic: bytes, payload: bytes, packet: 1, qos: 1, retained: false, receivedAt: now)
      }
      try store.commit(
        batch: batch, outcome: Outcome(), after: store.reader.newestSegment(), firstDevice: 0)
    }
    if closing { try store.close() }
  }

  private func messages(_ path: String) throws -> Int64 {
    try Store.openReadOnly(path: path).totals().messages
  }

  private func names() throws -> [String] {
    // A reader leaves the log's files behind.
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
  }

  private func refusal(_ body: () throws -> [String]) -> String? {
    do {
      _ = try body()
      return nil
    } catch { return "\(error)" }
  }

  @Test func aBackupComesBack() throws {
    try commit(3)
    let tool = BackupTool(settings: settings)
    #expect(
      try tool.backUp(to: target) == [
        "\(target): 3 messages, the last received 2026-03-01T00:00:00.000Z, journal row 3, checked"
      ])
    let attributes = try FileManager.default.attributesOfItem(atPath: target)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    #expect(try names() == ["b.db", "c.yaml", "d.db", "devices"])

    try commit(2)
    #expect(
      refusal { try tool.restore(from: target, now: now) }
        == "\(settings.database): exists already; --replace keeps it aside and restores")
    let lines = try tool.restore(from: target, replacing: true, now: now)
    let aside = "\(settings.database).replaced-20260301T000000Z"
    #expect(
      lines.prefix(2) == [
        "\(settings.database): restored from \(target), 3 messages, the last received "
          + "2026-03-01T00:00:00.000Z, journal row 3",
        "the database before is kept as \(aside)",
      ])
    #expect(try messages(settings.database) == 3)
    #expect(try messages(aside) == 5)
    try commit(1)
    #expect(try messages(settings.database) == 4)
    #expect(try messages(target) == 3)
    // The same second again: nothing that was kept is lost.
    #expect(refusal { try tool.restore(from: target, replacing: true, now: now) } != nil)
    #expect(try messages(settings.database) == 4)
  }

  @Test func theLogOfAReplacedDatabaseIsKeptWithIt() throws {
    try commit(1)
    let tool = BackupTool(settings: settings)
    _ = try tool.backUp(to: target)
    // As after a kill: commits in the log alone, and a reader that keeps it from being emptied.
    try commit(4, closing: false)
    let reader = try Store.openReadOnly(path: settings.database, isFrozen: true)
    try commit(2, closing: false)
    _ = try tool.restore(from: target, replacing: true, now: now)
    #expect(try messages("\(settings.database).replaced-20260301T000000Z") == 7)
    #expect(try messages(settings.database) == 1)
    try reader.close()
  }

  @Test func nothingIsOverwritten() throws {
    try commit(1)
    try "mine".write(toFile: target, atomically: true, encoding: .utf8)
    #expect(
      refusal { try BackupTool(settings: settings).backUp(to: target) }
        == "\(target): exists already and is not overwritten; name another")
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine")
    let other = folder.path + "/other.db"
    // What an attempt that was killed left is no obstacle; an attempt that goes on is.
    try "rest".write(toFile: other + ".part", atomically: true, encoding: .utf8)
    let running = try PartFile(for: folder.path + "/busy.db")
    #expect(
      refusal { try BackupTool(settings: settings).backUp(to: folder.path + "/busy.db") }
        == "\(running.path): another process writes it")
    _ = try BackupTool(settings: settings).backUp(to: other)
    #expect(try messages(other) == 1)
  }

  @Test func aRunningCollectorKeepsItsDatabase() throws {
    try commit(1)
    _ = try BackupTool(settings: settings).backUp(to: target)
    let lock = try CollectorLock(database: settings.database)
    #expect(
      refusal { try BackupTool(settings: settings).restore(from: target, now: now) }
        == "another collector works on \(settings.database); stop it before a restore")
    withExtendedLifetime(lock) {}
  }

  @Test func aDamagedBackupIsNotPutInPlace() throws {
    try commit(40)
    let tool = BackupTool(settings: settings)
    _ = try tool.backUp(to: target)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: target))
    let page = bytes.count / 2 / 4096 * 4096
    bytes.replaceSubrange(page..<(page + 4096), with: Data(count: 4096))
    try bytes.write(to: URL(fileURLWithPath: target))
    let reason = refusal { try tool.restore(from: target, replacing: true, now: now) }
    #expect(reason?.hasPrefix("\(target): is damaged: ") == true, "\(reason ?? "restored")")
    #expect(try messages(settings.database) == 40)
    #expect(try names() == ["b.db", "c.yaml", "d.db", "d.db.lock", "devices"])
    #expect(
      refusal { try tool.backUp(to: folder.path + "/none/b.db") }?.hasSuffix(
        "b.db.part: No such file or directory") == true)
  }

  /// Only root may mount a file system of a few MiB.
  private static let canMount: Bool = {
    guard geteuid() == 0, let folder = try? TemporaryFolder() else { return false }
    guard (try? TestSupport.run("/bin/mount", mountArguments(folder.path))) != nil else {
      return false
    }
    return (try? TestSupport.run("/bin/umount", [folder.path])) != nil
  }()

  private static func mountArguments(_ path: String) -> [String] {
    ["-t", "tmpfs", "-o", "size=512k", "sitewatt-test", path]
  }

  @Test(.enabled(if: canMount, "needs root and the right to mount a small file system"))
  func aFullDiskLeavesNothingBehind() throws {
    try commit(200)
    let disk = try TemporaryFolder()
    try TestSupport.run("/bin/mount", Self.mountArguments(disk.path))
    defer { _ = try? TestSupport.run("/bin/umount", ["-l", disk.path]) }
    let small = "\(disk.path)/b.db"
    let tool = BackupTool(settings: settings)
    try Data(count: 456 << 10).write(to: URL(filePath: disk.path + "/filler"))
    #expect(
      refusal { try tool.backUp(to: small) }
        == "\(small).part: no room left. Free disk space or raise the size limit; "
        + "nothing was lost.")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["filler"])
    try FileManager.default.removeItem(atPath: disk.path + "/filler")
    _ = try tool.backUp(to: small)
    #expect(try messages(small) == 200)
  }
}
