import Protocols
import SiteModel

/// What a decoder makes of a payload: each point as `name value unit time`, and each fault as
/// `!part reason: found`.
func described(
  _ payload: [UInt8], _ decode: (UnsafeRawBufferPointer, inout PointList) -> Void
) -> [String] {
  var list = PointList()
  (payload + [UInt8](repeating: UInt8(ascii: "7"), count: 64)).withUnsafeBytes { bytes in
    decode(UnsafeRawBufferPointer(rebasing: bytes[0..<payload.count]), &list)
  }
  func text(_ range: Range<Int>) -> String { String(decoding: list.bytes[range], as: UTF8.self) }
  let points = list.points.map { point in
    let value =
      switch point.value {
      case .number(let number): number.description
      case .truth(let truth): "\(truth)"
      case .text(let range): "'\(text(range))'"
      case .missing: "-"
      }
    let time = point.time.map { " \($0)" } ?? ""
    return "\(text(point.name)) \(value)" + (point.unit.isEmpty ? "" : " \(text(point.unit))")
      + time
  }
  return points + list.faults.map { "!\($0.part) \($0.reason.rawValue): \($0.found)" }
}
