import SiteModel

/// Turns one XML document after the other into the nodes that a JSON document with the same content
/// has, so that a profile's paths lead through both.
///
/// - The root is an object with one member: the root element by its name.
/// - An element with only text is that text, without the white space around it; an element or
///   attribute with nothing in it is `null`.
/// - An element with attributes or elements in it is an object: its attributes as `@Name`, its
///   elements by name, and its text, if any, as `#text`.
/// - Elements of the same name in the same parent are a list where the first one stands. A lone one
///   is itself and no list.
/// - Prefixes of names are dropped, and attributes that have one (`xmlns:`, `xsi:`) left out.
/// - A text that is itself an XML document, as the `xmlData` of a SOAP `invoke`, is read as if its
///   root element stood there unescaped (one level deep).
///
/// There are no entities but the five of XML and numbers; a DOCTYPE is refused. The encoding is
/// UTF-8, GBK, GB 2312 or GB 18030 (see ``XMLEncoding``); a document that declares another one is
/// read when it is valid UTF-8.
public final class XMLParser {
  private var reader = XMLReader()
  private let memory = NodeMemory()

  /// A parser without a document.
  public init() {}

  /// The nodes of the document in `input`, the root first; valid until the next call. At most 32
  /// levels and 65 536 nodes, as in JSON.
  public func parse(_ input: UnsafeRawBufferPointer) throws(JSONFault) -> UnsafeBufferPointer<
    JSONNode
  > {
    if let converted = try XMLEncoding.converted(input) {
      let fault = converted.withUnsafeBytes { bytes -> JSONFault? in
        do throws(JSONFault) { try reader.read(bytes) } catch { return error }
        return nil
      }
      if let fault { throw fault }
    } else {
      try reader.read(input)
    }
    return try memory.lay(reader.tree)
  }
}
