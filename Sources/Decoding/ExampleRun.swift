import SiteModel

extension DeviceProfile {
  /// Decodes the profile's examples and compares what comes out with what they expect: readings,
  /// then events, then rejections, each in payload order. Values are compared as written.
  public func runExamples() -> [Problem] {
    examples.flatMap { example in
      let objects = example.decoded(by: self)
      return example.differences(from: objects)
    }
  }
}

extension ProfileExample {
  fileprivate func decoded(by profile: DeviceProfile) -> [DecodedObject] {
    let decoder = Decoder(profiles: [profile], registry: registry)
    var devices = DeviceTable()
    var batch = DecodedBatch()
    let padded = payload + [UInt8](repeating: 0, count: Decoder.padding)
    Array(topic.utf8).withUnsafeBytes { topic in
      padded.withUnsafeBytes { bytes in
        _ = decoder.decode(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[0..<payload.count]),
          receivedAt: receivedAt, retained: isRetained, devices: &devices, into: &batch)
      }
    }
    return batch.objects(devices, Registry())
  }

  fileprivate func differences(from objects: [DecodedObject]) -> [Problem] {
    var problems: [Problem] = []
    for (expectation, object) in zip(expectations, objects) {
      for field in expectation.fields where object[field.key] != field.value {
        problems.append(
          expectation.place.problem(
            "example '\(name)': \(field.key): found '\(object[field.key] ?? "nothing")', "
              + "expected '\(field.value)', in \(object.json)"))
        break
      }
    }
    if expectations.count > objects.count {
      problems.append(
        expectations[objects.count].place.problem(
          "example '\(name)': nothing more came out, after \(objects.count) objects"))
    }
    for object in objects.dropFirst(expectations.count) {
      problems.append(place.problem("example '\(name)': also came out: \(object.json)"))
    }
    return problems
  }
}
