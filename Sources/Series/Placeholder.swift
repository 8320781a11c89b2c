enum SeriesPlaceholder {}
