import Detection
import Engine
import Foundation
import Setup
import SiteModel
import Storage
import Tariffs

/// Brings CSV files into the database, all or nothing. A running collector takes them over within
/// seconds; a file of the same name and kind replaces what it brought before.
public struct ImportTool {
  private let settings: Settings

  /// A tool for a configuration.
  public init(settings: Settings) { self.settings = settings }

  /// Checks the files (kind, such as `sites` or `tariffs`, and path) together with everything that
  /// is in force, then stores them; gives one line per file that says what was stored. Nothing is
  /// stored when anything is wrong.
  public func run(
    _ files: [(kind: String, path: String)], now: Timestamp
  ) throws -> [String] {
    let incoming = try files.map { file in
      SourceFile(
        kind: file.kind,
        name: SourceFile.importedPrefix + (file.path as NSString).lastPathComponent,
        bytes: try FileBytes.read(file.path, limit: SourceFile.csvLimit))
    }
    try refuseRepeatedNames(incoming)
    settings.makeDatabaseFolder()
    let store = try settings.openStore()
    let newest = try store.reader.maxReferenceID()
    let kept = try store.reader.currentReferences()
      .filter { old in
        old.name.hasPrefix(SourceFile.importedPrefix)
          && !incoming.contains { $0.kind == old.kind && $0.name == old.name }
      }
      .map { SourceFile(kind: $0.kind, name: $0.name, bytes: $0.body) }
    let reference = try Reference.compile(settings.sourceFiles() + kept + incoming)
    var lines: [String] = []
    let numbers = try store.addReferences(
      incoming.map { NewReference(kind: $0.kind, name: $0.name, bytes: $0.bytes) },
      expecting: newest, now: now)
    for (file, number) in zip(incoming, numbers) {
      let digest = Digest.hex(Digest.sha256(file.bytes)).prefix(16)
      lines.append(
        number > newest
          ? "\(file.kind): stored \(file.name) as number \(number), sha256 \(digest)…"
          : "\(file.kind): \(file.name) is stored already (number \(number))")
    }
    let registry = reference.context.registry
    lines.append(
      "now in force: \(registry.sites.count) sites, \(registry.devices.count) devices, "
        + "\(registry.contracts.count) contracts, "
        + "\(reference.context.tariffs.rows.count) tariff rows"
    )
    try store.close()
    return lines
  }

  /// Files are told apart by kind and name: of two with the same ones only the last would count.
  private func refuseRepeatedNames(_ files: [SourceFile]) throws(Problems) {
    let log = ProblemLog()
    var names: Set<[String]> = []
    for file in files where !names.insert([file.kind, file.name]).inserted {
      let name = String(file.name.dropFirst(SourceFile.importedPrefix.count))
      log.add(
        Problem(
          file: name, line: 0, text: "two \(file.kind) files are named \(name); rename one"))
    }
    try log.throwIfAny()
  }
}
