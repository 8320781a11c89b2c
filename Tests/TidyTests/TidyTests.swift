import Testing

/// The repository keeps its own rules; nothing is exempt by name.
@Suite struct TidyTests {
  @Test func linesAreNotTooLong() {
    report(Repository.swiftFiles.flatMap(Rules.longLines))
  }

  @Test func filesAreNotTooLong() {
    report(Repository.swiftFiles.flatMap(Rules.longFile))
  }

  @Test func functionsAreNotTooLong() {
    report(Repository.swiftFiles.flatMap(Rules.longFunctions))
  }

  @Test func nineOfTenFunctionsAreShort() {
    let lengths = Repository.swiftFiles.flatMap { FunctionLengths($0.text).functions }.map(\.length)
    let short = lengths.filter { $0 <= Rules.usualFunction }.count
    #expect(short * 10 >= lengths.count * 9, "\(short) of \(lengths.count) functions are short")
    #expect(lengths.count > 100)
  }

  @Test func pureRoomsTouchNothing() {
    let files = Repository.sources.filter { Rules.pureRooms.contains($0.room ?? "") }
    #expect(Set(files.compactMap(\.room)) == Rules.pureRooms)
    report(files.flatMap(Rules.impureCalls))
  }

  @Test func nothingCrashesOnPurpose() {
    report(Repository.swiftFiles.flatMap(Rules.crashes))
  }

  @Test func nothingIsLeftOver() {
    report(Repository.files.flatMap(Rules.leftovers))
  }

  @Test func everyLibraryHasOneImporter() {
    report(Rooms.sharedLibraries(Repository.sources, rooms: Set(arrows.keys)))
  }

  @Test func importsFollowTheArrows() {
    report(Repository.sources.flatMap { Rooms.strayImports($0, arrows: arrows) })
    report(Rooms.unusedArrows(Repository.sources, arrows: arrows))
  }

  @Test func theManifestNamesEveryRoom() {
    #expect(arrows.keys.sorted() == Repository.folders(in: "Sources"))
  }

  @Test func theFolderMapIsTrue() {
    let mapped = Rooms.folderMap(Repository.text("ARCHITECTURE.md"))
    #expect(mapped.sorted() == Repository.folders(in: "Sources"))
  }

  @Test func noFileIsDead() {
    report(DeadFiles.find(Repository.sources))
  }

  private let arrows = Rooms.arrows(manifest: Repository.text("Package.swift"))

  private func report(_ findings: [Finding]) {
    #expect(findings.isEmpty, "\n\(findings.map(\.description).joined(separator: "\n"))")
  }
}
