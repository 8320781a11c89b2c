import GRDB
import Series
import SiteModel

extension Store {
  /// Brings the hourly and daily figures up to date with samples that were stored.
  func updateRollups(_ db: Database, _ device: DeviceIndex, _ added: [SeriesSamples]) throws {}
}
