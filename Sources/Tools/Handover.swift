import Foundation

/// Hands items to a thread of its own, in order; only so many wait, so memory is bounded.
final class Handover<Item: Sendable>: @unchecked Sendable {
  private let limit: Int
  private let condition = NSCondition()
  // Guarded by the condition.
  private var items: [Item] = []
  private var isFinished = false
  private var isWorking = true
  private var isWanted = true

  /// Starts the thread, which calls `use` with each item until that returns false.
  init(waiting limit: Int, use: @escaping @Sendable (Item) -> Bool) {
    self.limit = limit
    let thread = Thread { [self] in
      while let items = take() {
        for item in items where !use(item) { refuse() }
      }
      end()
    }
    thread.start()
  }

  /// Hands an item over, when there is room; false when no more is wanted.
  func put(_ item: Item) -> Bool {
    condition.withLock {
      while items.count >= limit, isWanted { condition.wait() }
      if isWanted { items.append(item) }
      condition.broadcast()
      return isWanted
    }
  }

  /// Returns when everything was used. Nothing may be handed over after that.
  func finish() {
    condition.withLock {
      isFinished = true
      condition.broadcast()
      while isWorking { condition.wait() }
    }
  }

  private func take() -> [Item]? {
    condition.withLock {
      while items.isEmpty, !isFinished { condition.wait() }
      if items.isEmpty { return nil }
      defer { items.removeAll(keepingCapacity: true) }
      condition.broadcast()
      return items
    }
  }

  private func refuse() {
    condition.withLock {
      isWanted = false
      condition.broadcast()
    }
  }

  private func end() {
    condition.withLock {
      isWorking = false
      condition.broadcast()
    }
  }
}
