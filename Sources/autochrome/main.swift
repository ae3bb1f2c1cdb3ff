print("autochrome")
