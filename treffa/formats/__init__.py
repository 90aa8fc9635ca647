"""How dates are written where Django's own formats are not what a practice in Europe expects (FORMAT_MODULE_PATH)."""
