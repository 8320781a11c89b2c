import Foundation
import Setup
import SiteModel
import TestSupport
import Testing

@testable import Tools

/// An import brings all files or none.
@Suite struct ImportToolTests {
  private let folder: TemporaryFolder
  private let settings: Settings

  init() throws {
    folder = try TemporaryFolder()
    settings = try folder.settings(database: "data/d.db")
  }

  private func sites(_ id: String, in part: String = "a") throws -> (kind: String, path: String) {
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(part)", withIntermediateDirectories: true)
    let text = "site,name,region,province\n\(id),Site,R1,Shandong\n"
    return ("sites", try folder.write(text, to: "\(part)/sites.csv"))
  }

  private func run(_ files: [(kind: String, path: String)]) throws -> [String] {
    try ImportTool(settings: settings).run(files, now: Timestamp(milliseconds: 1))
  }

  @Test func theFolderOfTheDatabaseIsMadeAndTheSameFileIsStoredOnce() throws {
    let file = try sites("S1")
    let first = try run([file])
    #expect(first.first?.hasPrefix("sites: stored import:sites.csv as number 1, sha256") == true)
    #expect(first.last?.hasPrefix("now in force: 1 sites") == true)
    #expect(try run([file]).first == "sites: import:sites.csv is stored already (number 1)")
  }

  @Test func twoFilesOfOneKindAndNameAreRefused() throws {
    let files = [try sites("S1", in: "a"), try sites("S2", in: "b")]
    let error = #expect(throws: Problems.self) { _ = try run(files) }
    #expect(
      error?.all.map(\.text) == ["two sites files are named sites.csv; rename one"])
    #expect(!FileManager.default.fileExists(atPath: settings.database))
  }
}
