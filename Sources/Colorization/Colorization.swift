// Colorization
