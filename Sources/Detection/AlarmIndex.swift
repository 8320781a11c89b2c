import SiteModel

/// Finds alarms by their names, and those that an unknown key may mean.
struct AlarmIndex: Sendable {
  private var numbers: [AlarmName: Int64] = [:]
  /// Alarms that go on or wait for a begin, by a part of their name, oldest first.
  private var lists: [AlarmName: [Int64]] = [:]

  /// The alarm with exactly this name.
  func slot(of name: AlarmName) -> Int64? { numbers[name] }

  /// Alarms with this part of a name, oldest first.
  func slots(of part: AlarmName) -> [Int64] { lists[part] ?? [] }

  mutating func add(_ name: AlarmName, _ number: Int64) { numbers[name] = number }

  mutating func remove(_ name: AlarmName) { numbers[name] = nil }

  mutating func list(_ slot: AlarmSlot, _ number: Int64) {
    for part in slot.parts {
      lists[part, default: []].insertSorted(number)
    }
  }

  mutating func unlist(_ slot: AlarmSlot, _ number: Int64) {
    for part in slot.parts {
      lists[part]?.removeSorted(number)
      if lists[part]?.isEmpty == true { lists[part] = nil }
    }
  }
}

extension [Int64] {
  fileprivate mutating func insertSorted(_ number: Int64) {
    insert(number, at: place(of: number))
  }

  fileprivate mutating func removeSorted(_ number: Int64) {
    let place = place(of: number)
    if place < count, self[place] == number { remove(at: place) }
  }

  /// Where a number stands, or would stand.
  private func place(of number: Int64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
