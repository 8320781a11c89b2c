enum DecodingPlaceholder {}
