import Protocols
import Testing

/// XML documents give the nodes of the JSON document with the same content.
@Suite struct XMLParserTests {
  private let parser = XMLParser()

  private func nodes(_ xml: String) -> String { outcome(of: Array(xml.utf8), parser.parse) }

  static let documents: [(xml: String, nodes: String)] = [
    ("<a>1</a>", #"{"a":"1"}"#),
    ("<a/>", #"{"a":null}"#),
    ("<a></a>", #"{"a":null}"#),
    ("<a> \n </a>", #"{"a":null}"#),
    ("<a>\n 1 2 \t</a>", #"{"a":"1 2"}"#),
    (#"<a b="1"/>"#, #"{"a":{"@b":"1"}}"#),
    (#"<a b='"' c = "'" d="">1</a>"#, ##"{"a":{"@b":""","@c":"'","@d":null,"#text":"1"}}"##),
    ("<a><b>1</b></a>", #"{"a":{"b":"1"}}"#),
    ("<a><b>1</b><b>2</b></a>", #"{"a":{"b":["1","2"]}}"#),
    ("<a><b>1</b><c/><b>2</b><d>4</d><b/></a>", #"{"a":{"b":["1","2",null],"c":null,"d":"4"}}"#),
    ("<a><c/><b>1</b><b>2</b></a>", #"{"a":{"c":null,"b":["1","2"]}}"#),
    ("<a><b/><b/><c>3</c></a>", #"{"a":{"b":[null,null],"c":"3"}}"#),
    (
      "<a><b><x>1</x><x>2</x></b><b><x>3</x></b></a>",
      #"{"a":{"b":[{"x":["1","2"]},{"x":"3"}]}}"#
    ),
    (#"<a b="1"><b>2</b></a>"#, #"{"a":{"@b":"1","b":"2"}}"#),
    ("<a>x<b>1</b>y<b>2</b> z </a>", ##"{"a":{"b":["1","2"],"#text":"xy z"}}"##),
    ("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x6e29;</a>", #"{"a":"<>&"'A温"}"#),
    ("<a>1<![CDATA[<b>&amp;]]]]>2</a>", #"{"a":"1<b>&amp;]]2"}"#),
    (
      "<?xml version=\"1.0\"?>\n<!-- <x> --><a><!---->1<?p <q> ?>2</a>\n<!-- end -->",
      #"{"a":"12"}"#
    ),
    ("\u{FEFF}<温度>21.5</温度>", #"{"温度":"21.5"}"#),
    (
      #"<s:Envelope xmlns:s="urn:x" xmlns="urn:y"><s:Body s:id="1" id="2"><n:v>1</n:v></s:Body>"#
        + "</s:Envelope>", #"{"Envelope":{"Body":{"@id":"2","v":"1"}}}"#
    ),
    ("<a x='1' x='2'/>", #"{"a":{"@x":"1","@x":"2"}}"#),
    ("<?xml version='1.0' encoding='GBK'?><a>ascii</a>", #"{"a":"ascii"}"#),
  ]

  @Test(arguments: documents)
  func reads(_ xml: String, _ expected: String) { #expect(nodes(xml) == expected) }

  static let embedded: [(xml: String, nodes: String)] = [
    (
      "<i><xmlData>&lt;?xml version='1.0'?&gt; &lt;R&gt;&lt;v&gt;1&lt;/v&gt;&lt;/R&gt;</xmlData>"
        + "</i>",
      #"{"i":{"xmlData":{"R":{"v":"1"}}}}"#
    ),
    ("<i><![CDATA[ <R v='1'/> ]]></i>", #"{"i":{"R":{"@v":"1"}}}"#),
    // One level only, and what is no document stays a text.
    ("<i><![CDATA[<R>&lt;v/&gt;</R>]]></i>", #"{"i":{"R":"<v/>"}}"#),
    ("<i><a>&lt;10></a><b>&lt;x>1&lt;/y></b></i>", #"{"i":{"a":"<10>","b":"<x>1</y>"}}"#),
    (
      "<i><a>&lt;x>&lt;y/>&lt;y/>&lt;/z></a><y>1</y><y>2</y></i>",
      #"{"i":{"a":"<x><y/><y/></z>","y":["1","2"]}}"#
    ),
  ]

  @Test(arguments: embedded)
  func readsDocumentsInTexts(_ xml: String, _ expected: String) { #expect(nodes(xml) == expected) }

  static let faults: [(xml: String, fault: String)] = [
    ("", "!malformed: nothing"),
    (" \n", "!malformed: a document without an element"),
    ("<!-- a -->", "!malformed: a document without an element"),
    ("<a>", "!malformed: a document that is cut off: <a>"),
    ("<a", "!malformed: a document that is cut off"),
    ("<a b", "!malformed: a document that is cut off"),
    ("<a b=\"1", "!malformed: a document that is cut off"),
    ("<a>&am", "!malformed: a document that is cut off"),
    ("<a><!-- ", "!malformed: a document that is cut off"),
    ("<a><![CDATA[1]]</a>", "!malformed: a document that is cut off"),
    ("<a></b>", "!malformed: <a> closed by </b> before byte 7"),
    ("<p:a></q:a>", "!malformed: <a> closed by </q:a> before byte 11"),
    ("</a>", "!malformed: </a> without its beginning before byte 4"),
    ("<a/><b/>", "!malformed: something after the end of the document"),
    ("<a/>x", "!malformed: something after the end of the document"),
    ("x<a/>", "!malformed: text before the first element before byte 1"),
    ("<a b=1/>", "!malformed: an attribute without quotes before byte 5"),
    ("<a b/>", "!malformed: an attribute without a value before byte 4"),
    ("<a 1='2'/>", "!malformed: a name that is not one of XML before byte 4"),
    ("<a /x>", "!malformed: a name that is not one of XML before byte 3"),
    ("< a/>", "!malformed: a name that is not one of XML before byte 1"),
    ("<a:/>", "!malformed: a name that is not one of XML before byte 3"),
    ("<a>&nbsp;</a>", "!malformed: a reference &nbsp; that is not one of XML before byte 9"),
    ("<a>&#0;</a>", "!malformed: a reference &#0; that is not one of XML before byte 7"),
    ("<a>&#xD800;</a>", "!malformed: a reference &#xD800; that is not one of XML before byte 11"),
    ("<a>&#+65;</a>", "!malformed: a reference &#+65; that is not one of XML before byte 9"),
    (
      "<a>&#99999999;</a>",
      "!malformed: a reference &#99999999; that is not one of XML before byte 14"
    ),
    ("<a>\u{0}</a>", "!malformed: a control character at byte 3"),
    (
      "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
      "!malformed: a DOCTYPE or another declaration before byte 0"
    ),
    (#"{"a":1}"#, "!malformed: text before the first element before byte 7"),
    (
      String(repeating: "<a>", count: 33) + String(repeating: "</a>", count: 33),
      "!too_deep: more than 32 levels of nesting"
    ),
    (String(repeating: "<a>", count: 99_999), "!too_deep: more than 32 levels of nesting"),
    (
      "<a>" + String(repeating: "<b/>", count: 65_536) + "</a>",
      "!too_many_values: more than 65536 values"
    ),
  ]

  @Test(arguments: faults)
  func refuses(_ xml: String, _ expected: String) { #expect(nodes(xml) == expected) }

  /// `<停电>` with the text `温°` in GBK, which is `CD A3 B5 E7` and `CE C2 A1 E3`.
  private static let gbk: [UInt8] =
    [0x3C, 0xCD, 0xA3, 0xB5, 0xE7, 0x3E, 0xCE, 0xC2, 0xA1, 0xE3, 0x3C, 0x2F, 0xCD, 0xA3, 0xB5]
    + [0xE7, 0x3E]

  private func nodes(declaring name: String, _ bytes: [UInt8]) -> String {
    outcome(
      of: Array("<?xml version='1.0' encoding = '\(name)' ?>".utf8) + bytes, parser.parse)
  }

  @Test(arguments: ["GBK", "gb2312", "GB18030", "GB_2312-80", "cp936"])
  func readsChineseEncodings(_ name: String) {
    #expect(nodes(declaring: name, Self.gbk) == #"{"停电":"温°"}"#)
    // Two bytes of GBK that would be a letter of UTF-8, alone and beside others.
    #expect(
      nodes(declaring: name, [0x3C, 0x61, 0x3E, 0xD2, 0xBB] + Array("</a>".utf8)) == #"{"a":"一"}"#
    )
    // UTF-8 under a declaration that nobody adapted, and four bytes of GB 18030.
    #expect(nodes(declaring: name, Array("<a>停电°</a>".utf8)) == #"{"a":"停电°"}"#)
    let four: [UInt8] = [0x94, 0x39, 0xFC, 0x36]
    #expect(
      nodes(declaring: name, Array("<a>".utf8) + four + Array("</a>".utf8)) == #"{"a":"😀"}"#)
  }

  @Test func readsGBKThatDeclaresNothing() {
    #expect(outcome(of: Self.gbk, parser.parse) == #"{"停电":"温°"}"#)
    let inside = Array("<i><d>&lt;?xml version='1.0' encoding='GBK'?>&lt;R>一°&lt;/R></d></i>".utf8)
    #expect(outcome(of: inside, parser.parse) == #"{"i":{"d":{"R":"一°"}}}"#)
  }

  @Test func saysWhereItCannotBeRead() {
    let cut = nodes(declaring: "GBK", [0x3C, 0x61, 0x3E, 0xCE, 0xC2, 0xCE])
    #expect(
      cut == "!not_utf8: bytes that are not GB 18030 at byte 44 (the document declares GBK)")
    let odd = Array("<a>".utf8) + [0xCE, 0x3C, 0x2F]
    #expect(
      outcome(of: odd, parser.parse)
        == "!not_utf8: bytes that are neither UTF-8 nor GB 18030 at byte 3")
    #expect(
      nodes(declaring: "UTF-8", Self.gbk)
        == "!not_utf8: bytes that are not UTF-8 (the document declares UTF-8)")
    #expect(
      nodes(declaring: "Big5", Self.gbk)
        == "!not_utf8: bytes that are not UTF-8 (the document declares Big5)")
  }

  @Test func readsNoUTF16() {
    let wide: [UInt8] = [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00]
    #expect(outcome(of: wide, parser.parse) == "!not_utf8: UTF-16")
  }

  @Test func reachesTheLimits() {
    let deep =
      String(repeating: "<a>", count: 31) + "<a>1</a>" + String(repeating: "</a>", count: 31)
    #expect(nodes(deep).hasPrefix(#"{"a":{"a":{"#))
    let many = "<a>" + String(repeating: "<b/>", count: 65_533) + "</a>"
    #expect(nodes(many).utf8.count == 11 + 65_533 * 5 - 1 + 3)
  }
}
