import Decoding
import Engine
import Foundation
import Setup
import SiteModel
import Storage

/// Finds every problem of a configuration and of all files that it names, without touching the
/// network.
public enum Inspection {
  /// All problems, by file and line; empty when the collector would start.
  public static func problems(ofConfiguration file: String) -> [Problem] {
    let log = ProblemLog()
    do throws(Problems) {
      let settings = try Settings.inspect(file, log: log)
      let isSound = log.problems.isEmpty
      if isSound {
        do throws(Problems) { _ = try settings.mqttOptions(filters: []) } catch {
          error.all.forEach(log.add)
        }
      }
      // The rules stand in the configuration, where their problems were found already.
      let files = try settings.sourceFiles().filter { isSound || $0.kind != "rules" }
      let reference = try Reference.compile(files + (isSound ? imported(settings) : []))
      reference.profiles.flatMap { $0.runExamples() }.forEach(log.add)
    } catch { error.all.forEach(log.add) }
    return Problems(log.problems).all
  }

  /// What is right as it stands, and may still surprise; of a configuration without problems.
  public static func notes(ofConfiguration file: String) throws(Problems) -> [String] {
    let settings = try Settings.load(file)
    let unheard = settings.unheard(try settings.reference().profiles).map(\.name).sorted()
    if unheard.isEmpty { return [] }
    return [
      "\(file):\(settings.mqtt.line): note: mqtt.subscriptions takes the place of the profiles' "
        + "topics, so these profiles get no messages: \(unheard.joined(separator: ", "))"
    ]
  }

  /// What the import command brought into the database, if there is one.
  static func imported(_ settings: Settings) throws(Problems) -> [SourceFile] {
    guard FileManager.default.fileExists(atPath: settings.database) else { return [] }
    do throws(StoreError) {
      let reader = try Store.openReadOnly(path: settings.database)
      return try reader.currentReferences()
        .filter { $0.name.hasPrefix(SourceFile.importedPrefix) }
        .map { SourceFile(kind: $0.kind, name: $0.name, bytes: $0.body) }
    } catch {
      if error.reason == .empty { return [] }
      throw Problems([Problem(file: settings.database, line: 0, text: "\(error)")])
    }
  }
}

extension Settings {
  /// What a command that only reads needs: the configured and imported reference data.
  func reference() throws(Problems) -> Reference {
    try Reference.compile(try sourceFiles() + Inspection.imported(self))
  }
}
