import SiteModel

/// Reads SenML packs (RFC 8428) in JSON or CBOR into points: names and times resolved over the base
/// fields, values exact. A record that cannot be taken is a fault with its index; the others are
/// kept.
///
/// A time under 2^28 seconds is relative to the receipt. A sum becomes a point of its own, with
/// `#sum` after the name and the unit's product with seconds (`W` → `J`). Versions 10 and 26 (with
/// the secondary units of RFC 9100) are read.
public final class SenMLDecoder {
  private let json = JSONParser()
  private let cbor = CBORParser()
  private let takesPaths: Bool

  /// A decoder without a pack. LightweightM2M begins its names with a slash, against RFC 8428;
  /// `takesPaths` lets that pass.
  public init(takesPaths: Bool = false) { self.takesPaths = takesPaths }

  /// Adds the points of one pack to `list`. Another 64 bytes after `payload` must be readable.
  public func decode(
    _ payload: UnsafeRawBufferPointer, receivedAt: Timestamp, into list: inout PointList
  ) {
    do throws(JSONFault) {
      let isCBOR = payload.first.map { $0 >= 0x80 && $0 != 0xEF } ?? false
      let nodes = try isCBOR ? cbor.parse(payload) : json.parse(payload)
      guard nodes[0].type == .list else {
        return list.add(
          WireFault(.malformed, found: nodes[0].found, expected: "a list of SenML records"))
      }
      if let fault = SenMLRecord.versionFault(nodes, isCBOR: isCBOR) { return list.add(fault) }
      var pack = SenMLPack(receivedAt: receivedAt, isCBOR: isCBOR, takesPaths: takesPaths)
      var position = 1
      while position < nodes.count {
        pack.take(nodes, at: position, into: &list)
        position = nodes[position].end
      }
    } catch {
      list.add(
        WireFault(error.reason, found: error.found, expected: "a SenML pack in JSON or CBOR"))
    }
  }
}
