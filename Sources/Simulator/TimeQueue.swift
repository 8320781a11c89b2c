/// A queue of things that are due at instants: the earliest first, equal ones in the order in which
/// they were added. A binary heap.
struct TimeQueue<Element: Sendable>: Sendable {
  private struct Entry: Sendable {
    let time: Int64
    let order: UInt64
    let element: Element

    func isBefore(_ other: Entry) -> Bool { (time, order) < (other.time, other.order) }
  }

  private var heap: [Entry] = []
  private var added: UInt64 = 0

  /// When the first is due; nil when empty.
  var earliest: Int64? { heap.first?.time }

  mutating func add(_ element: Element, at time: Int64) {
    heap.append(Entry(time: time, order: added, element: element))
    added += 1
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> (time: Int64, element: Element)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return (first.time, first.element) }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      if least == parent { return (first.time, first.element) }
      heap.swapAt(least, parent)
      parent = least
    }
  }

  mutating func removeAll() { heap.removeAll() }
}
