import TestSupport

extension SeededGenerator {
  /// One of these.
  mutating func one<Element>(of elements: [Element]) -> Element {
    elements[number(0...(elements.count - 1))]
  }

  /// True once in `count` times.
  mutating func happens(onceIn count: Int) -> Bool { number(1...count) == 1 }
}
