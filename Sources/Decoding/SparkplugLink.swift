import SiteModel

// The link between the host and its broker: while it is down nobody can be heard, so nobody is to
// blame for it, and what was heard before is not known to hold any more.
extension SparkplugHost {
  /// The metric by which a node says that it sends its births again when it is asked.
  private static let rebirth = "Node Control/Rebirth"

  /// The link is down: whoever was online is unheard until heard again, and nothing is waited for.
  /// True when there was anybody.
  mutating func linkWentDown(_ emit: Emit) -> Bool {
    var wasAnybodyThere = false
    for edge in edges.indices {
      releaseHeld(edge, emit)
      (edges[edge].request.isWanted, edges[edge].birthsDue) = (false, nil)
      edges[edge].suspicion?.dueAt = nil
      edges[edge].suspicion?.isAsked = false
      for owner in edges[edge].owners.indices where edges[edge].owners[owner].link == .online {
        edges[edge].owners[owner].link = .unheard
        wasAnybodyThere = true
      }
    }
    _ = resume([], earliest: Timestamp(milliseconds: .max))
    return wasAnybodyThere
  }

  /// The link is up: whoever was online is asked for its births. A node that can answer, and does
  /// not, counts as gone from now on, or from the death that was suspected before.
  mutating func linkCameUp(_ now: Timestamp, _ emit: Emit) {
    interrupted()
    for edge in edges.indices where edges[edge].owners[0].link == .unheard {
      want(edge)
      if edges[edge].suspicion == nil,
        edges[edge].owners[0].birth.find(name: Self.rebirth) != nil
      {
        edges[edge].suspicion = SparkplugEdge.Suspicion(since: now)
      }
      settle(edge, now, emit)
    }
  }

  /// Nobody listened for a while: gaps are not the edges' from here on, and what is on its way will
  /// not come.
  mutating func interrupted() {
    for edge in edges.indices where edges[edge].isBorn { edges[edge].isUnsure = true }
  }
}
