import Protocols
import SiteModel
import Testing

@Suite("the list of points")
struct PointListTests {
  @Test("names lie where they are said to lie")
  func keepsNames() {
    var list = PointList()
    let first = list.keep("voltage".utf8)
    let second = list.keep("V".utf8)
    list.add(Point(name: first, unit: second, value: .number("229.8")))
    #expect(String(decoding: list.bytes[first], as: UTF8.self) == "voltage")
    #expect(String(decoding: list.bytes[second], as: UTF8.self) == "V")
    #expect(list.points.count == 1)
    list.removeAll()
    #expect(list.points.isEmpty && list.bytes.isEmpty && list.faults.isEmpty)
  }

  @Test("what is beyond the limit is told once")
  func limitIsTold() {
    var list = PointList()
    let name = list.keep("a".utf8)
    for _ in 0..<(PointList.limit + 3) { list.add(Point(name: name, value: .missing)) }
    #expect(list.points.count == PointList.limit)
    #expect(list.faults.map(\.reason) == [.tooManyValues])
  }
}
