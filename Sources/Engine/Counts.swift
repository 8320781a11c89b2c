import Decoding

/// How much a batch held before a message.
struct Counts: Equatable {
  let readings: Int
  let historical: Int
  let events: Int
  let rejections: Int
  let sightings: Int

  init(_ batch: DecodedBatch) {
    (readings, historical, events) = (
      batch.readings.count, batch.historical.count, batch.events.count
    )
    (rejections, sightings) = (batch.rejections.count, batch.sightings.count)
  }
}
