import Testing

@testable import Tools

/// What the commands print.
@Suite struct TextTests {
  @Test func hexIsReadWithSpaces() {
    #expect(DecodeTool.bytes(hex: Array("68 0A\nff".utf8)) == [0x68, 0x0A, 0xFF])
    #expect(DecodeTool.bytes(hex: Array("680".utf8)) == nil)
    #expect(DecodeTool.bytes(hex: Array("zz".utf8)) == nil)
  }

  @Test func cellsAreQuotedAndFormulasDefused() {
    #expect(QueryTool.cell("SIM-1") == "SIM-1")
    #expect(QueryTool.cell("a,\"b\"") == "\"a,\"\"b\"\"\"")
    #expect(QueryTool.cell("=1+1") == "'=1+1")
    #expect(QueryTool.cell("@x,y") == "\"'@x,y\"")
  }

  @Test func chineseTakesTwoPlaces() {
    let lines = TextColumns.lines([["标题", "x"], ["ab", "y"]])
    #expect(lines == ["标题  x", "ab    y"])
  }
}
