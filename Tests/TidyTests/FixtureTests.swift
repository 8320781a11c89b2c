import Testing

/// Each rule is shown a small text that breaks it, so that a rule which cannot fail is noticed.
@Suite struct FixtureTests {
  private func file(_ text: String, room: String = "Engine") -> Repository.File {
    .init(path: "Sources/\(room)/Fixture.swift", text: text)
  }

  @Test func aScannerSeesCodeOnly() {
    let source = """
      let a = "x{\\"y\\(f("z")) }" // {
      /* { /* } */ { */ let b = #"\\{"# ; let c = #"\\#(g)"#
      """
    let code = SwiftCode(source)
    #expect(code.lines.count == 2)
    #expect(!code.text.contains { "{}xyz".contains($0) })
    for kept in ["let a", "f(", "let b", "let c", "(g)"] { #expect(code.text.contains(kept)) }
  }

  @Test func multiLineStringsAreBlankButKeepTheirLines() {
    let code = SwiftCode("let a = \"\"\"\n  func b() { \"c\"\n  \"\"\"\nlet d = 1")
    #expect(code.lines.count == 4)
    #expect(!code.text.contains("func"))
    #expect(code.lines[3] == "let d = 1")
  }

  @Test func longLinesAndFilesAreFound() {
    let long = String(repeating: "长", count: 101)
    #expect(Rules.longLines(file("a\n\(long)\n")).map(\.line) == [2])
    #expect(Rules.longLines(file(String(long.dropLast()))).isEmpty)
    #expect(Rules.longFile(file(String(repeating: "a\n", count: 401))).count == 1)
    #expect(Rules.longFile(file(String(repeating: "a\n", count: 400))).isEmpty)
  }

  @Test func functionsAreMeasuredFromKeywordToBrace() {
    let source = """
      protocol P { func none()
        var stored: Int { get }
      }
      struct S: P {
        var stored: Int {
          1
        }
        let closure = { 2 }
        var other = { 3 }
        func none() {}
        init(_ body: () -> Int = { 4 }) {
          let text = "}"
          _ = S.init { 5 }
        }
        subscript(index: Int) -> Int { index }
      }
      func with(
        a: Int
      ) -> Int {
        if a > 0 { return 1 }
        return 2
      }
      """
    let found = FunctionLengths(source).functions
    #expect(found.map(\.line) == [2, 5, 10, 11, 15, 17])
    #expect(found.map(\.length) == [1, 3, 1, 4, 1, 6])
  }

  @Test func longFunctionsAreFound() {
    func function(_ lines: Int) -> String {
      "func f() {\n" + String(repeating: "  g()\n", count: lines - 2) + "}\n"
    }
    #expect(Rules.longFunctions(file("\n" + function(71))).map(\.line) == [2])
    #expect(Rules.longFunctions(file(function(70))).isEmpty)
  }

  @Test(arguments: [
    "import Foundation", "let now = Date()", "FileManager.default", "Int.random(in: 0...1)",
    "var g = SystemRandomNumberGenerator()", "Thread.current", "usleep(1); sleep(1)",
    "Task.sleep(for: x)", "ContinuousClock.now", "\"\\(Date())\"", "a.shuffled()",
    "UUID()", "print(1)", "import Glibc",
  ])
  func impureCallsAreFound(source: String) {
    #expect(Rules.impureCalls(file(source)).map(\.line) == [1])
  }

  @Test(arguments: [
    "// Date()", "let a = \"FileManager\"", "UpDate()", "case asleep", "MultiThreaded",
    "imprint(1)", "a.randomly(1)",
  ])
  func pureCallsAreNot(source: String) {
    #expect(Rules.impureCalls(file(source)).isEmpty)
  }

  @Test(arguments: [
    "a!", "a!.b", "f()!", "a[0]!", "let a: Int!", "try! f()", "a as! B", "fatalError()", "a?.b!",
    "\"\\(a!)\"", "x = [a!, b]",
  ])
  func crashesAreFound(source: String) { #expect(Rules.crashes(file(source)).count == 1) }

  @Test(arguments: ["a != b", "!a", "(!a)", "a !== b", "\"a!\"", "// a!", "try? f()", "x as? Y"])
  func otherMarksAreNot(source: String) { #expect(Rules.crashes(file(source)).isEmpty) }

  @Test func leftoversAreFound() {
    let bad = ["TO" + "DO: x", "FIX" + "ME", "cd /ho" + "me/me", "\"/wo" + "rk/x\""]
    for text in bad { #expect(Rules.leftovers(file(text)).count == 1, "\(text)") }
    for text in ["net/work/x", "homework/", "TODAY"] {
      #expect(Rules.leftovers(file(text)).isEmpty)
    }
  }

  @Test func importsAreRead() {
    let source = """
      import A
      @testable import B
      @_exported public import C
      import struct D.E
      internal import F
      // import G
      let important = 1
      """
    #expect(Rooms.imports(of: file(source)) == ["A", "B", "C", "D", "F"])
  }

  private let manifest = """
    func room(_ name: String) -> Target { .target(name: name) }
    let all = [
      .systemLibrary(name: "C", providers: [.apt(["c-dev"])]),
      room("Low", [.product(name: "Crypto", package: "swift-crypto")]),
      room("Engine", ["Low", "C"]),
      .executableTarget(name: "tool", dependencies: ["Engine", .product(name: "Q", package: "q")]),
    ]
    """

  @Test func arrowsAreReadFromTheManifest() {
    let expected: [String: Set<String>] = [
      "C": [], "Low": [], "Engine": ["Low", "C"], "tool": ["Engine"],
    ]
    #expect(Rooms.arrows(manifest: manifest) == expected)
  }

  @Test func importsAgainstTheArrowsAreFound() {
    let arrows = Rooms.arrows(manifest: manifest)
    #expect(Rooms.strayImports(file("import Engine", room: "Low"), arrows: arrows).count == 1)
    #expect(Rooms.strayImports(file("import Low", room: "tool"), arrows: arrows).count == 1)
    #expect(Rooms.strayImports(file("import Low", room: "Unknown"), arrows: arrows).count == 1)
    #expect(Rooms.strayImports(file("import Low\nimport C"), arrows: arrows).isEmpty)
    let files = [file("import Low"), file("import Engine", room: "tool")]
    #expect(Rooms.unusedArrows(files, arrows: arrows).map(\.text) == ["Engine does not import C"])
  }

  @Test func aLibraryOfTwoRoomsIsFound() {
    let source = "import Q\nimport Foundation"
    let files = [file(source), file(source, room: "B")]
    let found = Rooms.sharedLibraries(files, rooms: ["B"]).map(\.text)
    #expect(found == ["Q is imported by B, Engine"])
    #expect(Rooms.sharedLibraries(files, rooms: ["Q"]).isEmpty)
  }

  @Test func theFolderMapIsRead() {
    let page = """
      # Page
          Elsewhere  no
      ## Folder map
      Text
          Low      what is low
              goes on
          Engine   what is driven
      ## Next
          More     no
      """
    #expect(Rooms.folderMap(page) == ["Low", "Engine"])
    #expect(Rooms.folderMap("## The folder map\n```\nLow  x\n```\n") == ["Low"])
  }

  @Test func aFileThatNobodyUsesIsFound() {
    let used = file("struct Used { func spare() { var shared = 1 } }", room: "A")
    let user = file("let user = Used()\nlet shared = 2", room: "B")
    let dead = file("enum Dead {\n  static func lost() {\n    let shared = 1\n  }\n}", room: "C")
    let other = file("let other = user", room: "D")
    let entry = Repository.File(path: "Sources/E/main.swift", text: "run()")
    let found = DeadFiles.find([used, user, dead, other, entry]).map(\.path)
    #expect(found == ["Sources/C/Fixture.swift", "Sources/D/Fixture.swift"])
  }
}
