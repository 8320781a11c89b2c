import Engine
import Foundation
import GRDB
import SiteModel
import TestSupport
import Testing

@testable import Storage

/// Journal rows are compressed where that helps, and every byte comes back.
@Suite struct CompressionTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func everyByteComesBack(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let plain = random.text(random.number(0...200_000))
    try plain.withUnsafeBytes { bytes in
      let packed = RowCodec.pack(bytes)
      let back = try RowCodec.unpack(packed.codec.rawValue, packed.bytes)
      #expect(packed.bytes.count <= plain.count)
      #expect(Array(back) == plain)
    }
  }

  @Test func smallAndIncompressibleBytesStayPlain() {
    var random = SeededGenerator(seed: 7)
    for plain in [[], random.text(Zstd.shortest - 1), random.bytes(50_000)] {
      plain.withUnsafeBytes { #expect(RowCodec.pack($0).codec == .plain) }
    }
    random.text(5_000).withUnsafeBytes { #expect(RowCodec.pack($0).codec == .zstd) }
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func damageIsAnErrorNotACrash(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let plain = random.text(3_000)
    var frame = try #require(plain.withUnsafeBytes { Zstd.compress($0) })
    switch seed % 3 {
    case 0: frame = frame.prefix(random.number(0...(frame.count - 1)))
    case 1:
      for _ in 0..<random.number(1...9) {
        frame[random.number(0...(frame.count - 1))] ^= UInt8(random.number(1...255))
      }
    default: frame = Data(random.bytes(random.number(0...400)))
    }
    // The chain's hash tells wrong bytes; here it is only about an orderly end.
    _ = try? RowCodec.unpack(1, frame)
    #expect(throws: CorruptBytes.self) { try RowCodec.unpack(2, frame) }
  }

  @Test func aFrameThatClaimsTooMuchIsRefusedBeforeMemoryIsTaken() {
    // Magic, a single segment with an 8-byte size, 2^40.
    let frame = Data([0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    #expect(throws: CorruptBytes.self) { try RowCodec.unpack(1, frame) }
  }

  @Test func rowsOfBothCodecsAreOneChain() throws {
    let fixture = try StoreFixture()
    let store = try fixture.open()
    let long = (0..<50).map { #"{"time":1772352000,"voltage.a":230.\#($0)}"# }
    let batches = [batch(["{}"]), batch(long), batch(["short"]), batch(long)]
    for batch in batches { try store.append(batch: batch, outcome: Outcome()) }
    var position = 0
    try store.reader.forEachSegment { segment in
      #expect(segment.body.elementsEqual(batches[position].body))
      position += 1
      return true
    }
    #expect(position == 4)
    #expect(try store.reader.verifyJournal() == [])
    let codecs = try store.reader.read { db in
      try Int.fetchAll(db, sql: "SELECT codec FROM journal ORDER BY seq")
    }
    #expect(codecs == [0, 1, 0, 1])
  }

  @Test func aDamagedFrameIsNamedByItsRow() throws {
    let fixture = try StoreFixture()
    let store = try fixture.open()
    let long = (0..<50).map { #"{"time":1772352000,"voltage.a":230.\#($0)}"# }
    for _ in 1...3 { try store.append(batch: batch(long), outcome: Outcome()) }
    try store.write { db in
      try db.execute(sql: "UPDATE journal SET body = substr(body, 1, 90) WHERE seq = 2")
    }
    let problems = try store.reader.verifyJournal()
    #expect(problems.map(\.description) == ["journal row 2: the body cannot be decompressed"])
    let error = #expect(throws: StoreError.self) { try store.reader.forEachSegment { _ in true } }
    #expect(error?.reason == .corrupt("journal row 2 is damaged"))
  }
}

extension SeededGenerator {
  /// Bytes as of a batch of JSON.
  mutating func text(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      bytes += Array(#"{"time":\#(number(1_772_000_000...1_773_000_000)),"voltage.a":"#.utf8)
      bytes += Array("\(number(2100...2400))}".utf8)
    }
    return Array(bytes.prefix(count))
  }
}
