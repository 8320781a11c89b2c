import Protocols
import SiteModel

// What a meter recorded of outages and the like, told afterwards.
extension PointTaking {
  /// The alarm whose begin or end a point is; nil when it is neither.
  func periodClass(of point: Point, _ bytes: UnsafeRawBufferPointer) -> AlarmClass? {
    guard let periods = model.plan.periods, case .truth = point.value, point.time != nil else {
      return nil
    }
    let row = model.find(UnsafeRawBufferPointer(rebasing: bytes[point.name]), in: periods)
    return row < 0 ? nil : model.plan.periodClasses[row]
  }

  /// Takes a begin, or an end, which stands behind its begin. Both have the begin as their key, so
  /// that a record that is read again tells of the same alarm.
  func takePeriod(
    _ list: borrowing PointList, at index: Int, _ bytes: UnsafeRawBufferPointer,
    _ kind: AlarmClass, _ position: Int32, _ directory: borrowing DeviceDirectory,
    _ batch: inout DecodedBatch
  ) {
    let point = list.points[index]
    guard case .truth(let isBegin) = point.value else { return }
    let begin = isBegin ? point.time : list.points[index - 1].time
    let time = RecordTime(stated: point.time, receivedAt: receivedAt, isRetained: isRetained)
    // The last byte counts backwards from the latest record: the same one has another next time.
    let code = String(decoding: bytes[point.name].dropLast(2), as: UTF8.self)
    batch.events.append(
      DeviceEvent(
        device: directory.entries[Int(position)].device, alarm: kind.alarm, code: code,
        key: begin?.description ?? "",
        state: isBegin ? .raised : .cleared, severity: kind.severity ?? .minor, time: time.time,
        quality: time.quality, isHistorical: true))
  }
}
