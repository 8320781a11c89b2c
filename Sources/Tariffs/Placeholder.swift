enum TariffsPlaceholder {}
