"""The demo: three practices with living calendars, played forward through the product's own operations."""
