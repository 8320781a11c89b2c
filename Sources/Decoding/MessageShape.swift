/// Records that name their metric in a field.
struct NamedValueRule: Sendable {
  /// Where the name may stand; the first that is there counts.
  let names: [Int32]
  /// Where the value may stand.
  let values: [Int32]
  /// Names to positions in ``ProfilePlan/rules``.
  let table: CodeTable
}

/// A device name made of fixed texts, captures of the topic and fields of the record.
struct NameTemplate: Sendable {
  enum Piece: Sendable {
    case text([UInt8])
    case capture(String)
    case field(Int32)
  }

  let pieces: [Piece]
}

/// One shape of message: where its records stand, and what their fields mean.
struct MessageShape: Sendable {
  var tree: FieldTree
  /// What must hold of the document for this shape to be read.
  var conditions: [DocumentCondition] = []
  var filters: [MemberFilter] = []
  var times: [TimeRule] = []
  /// Node of the device's name; -1 when the topic names it.
  var device: Int32 = -1
  /// Nodes that state the device's name once more.
  var also: [Int32] = []
  /// Names of the sub-device that a record is about; the first whose fields are there counts.
  var subDevice: [NameTemplate] = []
  var namedValues: NamedValueRule?
  var alarm: AlarmRule?

  /// True when a record says only that its device is alive.
  var mapsNothing: Bool = false

  init(tree: FieldTree) { self.tree = tree }
}
