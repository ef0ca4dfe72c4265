/* The icons are drawn by two small fonts (tools/icons.py); this takes the place of the theme's script of them all. */
