import Decoding
import Protocols
import SiteModel
import Testing

/// Payloads that no honest device sends: each is refused with a reason, none stops the decoder.
@Suite struct HostilePayloadTests {
  static let deep = String(repeating: #"{"a":"#, count: 32)
  static let cases: [(payload: String, reason: String, text: String)] = [
    ("", "malformed", "found nothing, expected one JSON object or list"),
    ("   \n", "malformed", "found nothing but white space, expected one JSON object or list"),
    ("{", "malformed", "found a document that is cut off, expected one JSON object or list"),
    (
      #"{"voltage.a":229.8"#, "malformed",
      "found a document that is cut off, expected one JSON object or list"
    ),
    (
      #"{"voltage.a":229.8}}"#, "malformed",
      "found something after the end of the document, expected one JSON object or list"
    ),
    (
      #"{"voltage.a":229.8}{"#, "malformed",
      "found a document that is cut off, expected one JSON object or list"
    ),
    (
      #"{"voltage.a":229.8,}"#, "malformed",
      "found a comma, colon or bracket out of place, expected one JSON object or list"
    ),
    (
      #"{"voltage.a":NaN}"#, "malformed",
      "found a word that is not true, false or null, expected one JSON object or list"
    ),
    (
      #"{"x":nul}"#, "malformed",
      "found a word that is not true, false or null, expected one JSON object or list"
    ),
    (
      #"{"x":01}"#, "malformed",
      "found a number that is not JSON's, expected one JSON object or list"
    ),
    (
      #"{"x":+1}"#, "malformed",
      "found a word that is not true, false or null, expected one JSON object or list"
    ),
    (
      #"{"x":"\q"}"#, "malformed",
      "found a text with a wrong escape or a bare control character, "
        + "expected one JSON object or list"
    ),
    ("42", "malformed", "found a single value, expected one JSON object or list"),
    (
      deep + "1" + String(repeating: "}", count: 32), "nothing_mapped",
      "found only names that are not mapped: a, "
        + "expected at least one field of profile 'generic-json'"
    ),
    (
      deep + #"{"a":1}"# + String(repeating: "}", count: 32), "too_deep",
      "found more than 32 levels of nesting, expected one JSON object or list"
    ),
    (
      "[" + String(repeating: "1,", count: 65_536) + "1]", "too_many_values",
      "found more than 65536 values, expected one JSON object or list"
    ),
    (
      "{}", "nothing_mapped",
      "found no fields, expected at least one field of profile 'generic-json'"
    ),
    (
      #"[{"voltage.a":1}]"#, "nothing_mapped",
      "found only fields that are not mapped, expected at least one field of profile 'generic-json'"
    ),
    (
      #"{"voltage.a":"NaN"}"#, "bad_number",
      "voltage.a: found 'NaN', expected a decimal number"
    ),
    (#"{"voltage.a":" 1"}"#, "bad_number", "voltage.a: found ' 1', expected a decimal number"),
    (#"{"voltage.a":""}"#, "bad_number", "voltage.a: found '', expected a decimal number"),
    (
      #"{"voltage.a":1e99}"#, "number_too_long",
      "voltage.a: found the number 1e99, expected a number of at most 18 digits, scaled or not"
    ),
    (
      #"{"voltage.a":1234567890123456789}"#, "number_too_long",
      "voltage.a: found the number 1234567890123456789, expected a number of at most 18 digits, "
        + "scaled or not"
    ),
    (
      #"{"voltage.a":{"v":1}}"#, "wrong_type",
      "voltage.a: found an object, expected a decimal number"
    ),
    (#"{"voltage.a":true}"#, "wrong_type", "voltage.a: found true, expected a decimal number"),
    (
      #"{"voltage.a":1,"voltage.a":1}"#, "ambiguous",
      "voltage.a: found the key twice, expected it once in an object"
    ),
    (
      #"{"voltage.a":1,"time":1,"time":2}"#, "ambiguous",
      "time: found the key twice, expected it once in an object"
    ),
    (
      #"{"voltage.a":1,"time":"now"}"#, "bad_time",
      "time: found 'now', expected a time as text, as digits, or as seconds or milliseconds since "
        + "1970"
    ),
    (
      #"{"voltage.a":1,"time":[]}"#, "wrong_type",
      "time: found a list, expected a time as text, as digits, or as seconds or milliseconds since "
        + "1970"
    ),
    (
      #"{"voltage.a":1,"time":1772352000123456789}"#, "bad_time",
      "time: found the number 1772352000123456789, expected a time as text, as digits, or as "
        + "seconds or milliseconds since 1970"
    ),
  ]

  private func bench(payloadLimit: Int? = nil) throws -> Bench {
    Bench(try Support.shipped(), payloadLimit: payloadLimit)
  }

  @Test func eachIsRefusedWithItsReason() throws {
    let bench = try bench()
    for (payload, reason, text) in Self.cases {
      try bench.decode("uplink/M-1/json", Array(payload.utf8))
      let found = bench.batch.rejections
      #expect(found.map(\.reason.rawValue) == [reason], "\(payload.prefix(80))")
      #expect(found.map(\.text) == [text], "\(payload.prefix(80))")
      #expect(bench.batch.readings == [], "\(payload.prefix(80))")
      bench.batch.removeAll()
    }
  }

  @Test func bytesThatAreNotUTF8() throws {
    let bench = try bench()
    let sequences: [[UInt8]] = [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE4, 0xB8], [0xF5, 0x80],
    ]
    for bytes in sequences {
      let payload = Array(#"{"voltage.a":1,"x":""#.utf8) + bytes + Array(#""}"#.utf8)
      try bench.decode("uplink/M-1/json", payload)
      #expect(bench.batch.rejections.map(\.reason) == [.notUTF8])
      bench.batch.removeAll()
    }
  }

  @Test func tooLargeIsNotEvenParsed() throws {
    let bench = try bench(payloadLimit: 20)
    try bench.decode("uplink/M-1/json", Array(#"{"voltage.a":229.81}"#.utf8))
    #expect(bench.batch.readings.count == 1)
    try bench.decode("uplink/M-1/json", Array(#"{"voltage.a":229.812}"#.utf8))
    #expect(bench.batch.rejections.map(\.text) == ["found 21 bytes, expected at most 20"])
    #expect(bench.batch.sightings.count == 2)
  }

  @Test func topicsThatNoProfileHas() throws {
    let bench = try bench()
    let topics = [
      "", "/", "uplink", "uplink/M-1", "uplink/M-1/json/x", "Uplink/M-1/json", "uplink//json",
      "uplink/\u{1}/json", "uplink/" + String(repeating: "x", count: 129) + "/json",
    ]
    for topic in topics { try bench.decode(topic, Array("{}".utf8)) }
    let reasons = bench.batch.rejections.map(\.reason.rawValue)
    #expect(
      reasons == Array(repeating: "unknown_topic", count: 6)
        + Array(repeating: "no_device", count: 3))
    #expect(bench.devices.count == 0)
  }

  @Test func rejectionsOfOneMessageAreLimited() throws {
    let bench = try bench()
    let members = Array(repeating: "1", count: 5000).joined(separator: ",")
    try bench.decode("fsu/F-1/data", Array("{\"TSemaphoreList\":[\(members)]}".utf8))
    #expect(bench.batch.rejections.count == DecodedBatch.rejectionLimit)
    #expect(bench.batch.suppressedRejectionCount == 5000 - DecodedBatch.rejectionLimit)
    #expect(bench.batch.rejections.last?.part == "TSemaphoreList[99]")
  }
}
