enum NotifiersPlaceholder {}
