import SiteModel

/// Turns one CBOR document (RFC 8949) after the other into the nodes that a JSON document with the
/// same content has, so that a profile's paths lead through both.
///
/// - A key that is an integer is its decimal text, one of bytes their hex digits.
/// - Bytes are a text of lower-case hex digits; `undefined` is `null`.
/// - A binary fraction is the shortest decimal that reads back as the same one in its own width.
///   Not-a-number and the infinities are the texts `NaN`, `Infinity` and `-Infinity`.
/// - Big integers (tags 2 and 3, up to 64 bytes) and decimal fractions (tag 4) are numbers,
///   exactly.
/// - Other tags are left out, and what they tag is taken.
public final class CBORParser {
  private var reader = CBORReader()
  private let memory = NodeMemory()

  /// A parser without a document.
  public init() {}

  /// The nodes of the document in `input`, a map or list with nothing after it, the root first;
  /// valid until the next call. At most 32 levels and 65 536 nodes, as in JSON.
  public func parse(_ input: UnsafeRawBufferPointer) throws(JSONFault) -> UnsafeBufferPointer<
    JSONNode
  > {
    try reader.read(input)
    return try memory.lay(reader.tree)
  }
}
