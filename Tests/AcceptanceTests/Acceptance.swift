import Testing

/// The whole product as processes, with a real broker. One after the other: each test has a
/// collector, a broker and often a webhook receiver, and all share few cores.
@Suite(.serialized) struct Acceptance {}
