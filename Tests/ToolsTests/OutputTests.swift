import Foundation
import SiteModel
import TestSupport
import Testing

@testable import Tools

/// The fast writers write what the plain descriptions say.
@Suite struct OutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func written(_ body: (ByteOutput) -> Void) throws -> String {
    let path = folder.path + "/out"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    let output = ByteOutput(descriptor: descriptor)
    body(output)
    try output.finish()
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test(arguments: UInt64(0)..<4) func numbersAndTimesAreAsDescribed(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var expected = ""
    let text = try written { output in
      for round in 0..<5_000 {
        let digits = Int128(Int64(bitPattern: random.next() >> UInt64(random.number(0...63))))
        let significand = round % 50 == 0 ? digits * 1_000_000_000_000 : digits
        let value = ExactDecimal(
          significand: random.number(0...1) == 0 ? significand : -significand,
          exponent: random.number(-20...3))
        let span = random.number(0...20) == 0 ? 62_135_000_000_000 : 4_102_444_800_000
        let time = Timestamp(milliseconds: Int64(random.number(-span...span)))
        output.decimal(value)
        output.byte(UInt8(ascii: " "))
        output.time(time)
        output.byte(UInt8(ascii: " "))
        output.integer(time.milliseconds)
        output.byte(UInt8(ascii: "\n"))
        expected += "\(value) \(time) \(time.milliseconds)\n"
      }
    }
    #expect(text == expected, "seed \(seed)")
  }

  @Test func blocksAreCutAnywhere() throws {
    let long = String(repeating: "0123456789", count: 20_001)
    #expect(
      try written {
        $0.text(long); $0.text("x"); $0.text(long)
      } == long + "x" + long)
  }

  @Test func memoryGrowsAndIsUsedAgain() throws {
    let memory = ByteOutput()
    let text = try written { output in
      for round in 0..<3 {
        for number in 0..<20_000 { memory.integer(Int64(round * 100_000 + number)) }
        output.append(memory)
        memory.removeAll()
      }
    }
    #expect(
      text
        == (0..<3).map { round in
          (0..<20_000).map { "\(round * 100_000 + $0)" }.joined()
        }.joined())
  }

  @Test func aReaderThatHasGoneEndsTheOutput() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let output = ByteOutput(descriptor: ends[1])
    output.text("x")
    #expect(output.isOpen)
    #expect(throws: OutputError.closed) { try output.finish() }
    #expect(!output.isOpen)
  }

  @Test func aFullDiskIsToldWithTheReason() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let output = ByteOutput(descriptor: descriptor)
    output.text("x")
    #expect(throws: OutputError.failed("No space left on device")) { try output.finish() }
  }

  @Test func progressSaysHowLongItTakes() {
    #expect(
      Progress.line("export", 0.42, rows: 1_234_567, seconds: 10)
        == "export  42 %  1,234,567 rows  123,456/s  0:13 left")
    #expect(
      Progress.line("x", 0.75, from: (0.5, 400), rows: 1000, seconds: 60)
        == "x  75 %  1,000 rows  10/s  1:00 left")
    #expect(Progress.line("x", 0.001, rows: 1, seconds: 60).hasSuffix("16:39:00 left"))
    #expect(Progress.line("x", 2, rows: 0, seconds: 0) == "x  100 %  0 rows")
  }

  @Test func progressIsShownNowAndThenAndTakenAway() {
    var shown: [String] = []
    let progress = Progress("p") { shown.append($0) }
    for count in 0..<1000 { progress.update(0, rows: count) }
    progress.end()
    #expect(shown.count >= 2 && shown.count < 100)
    #expect(shown.first?.hasPrefix("\rp  0 %  0 rows") == true)
    #expect(shown.last == "\r\u{1B}[K")
  }
}
