/// The eight orientations of EXIF: where the stored rows and columns belong in the upright picture.
enum Orientation: Int, Sendable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, clockwise, transversed, counterclockwise

    /// Whether rows of the file are columns of the picture.
    var swapsSides: Bool { rawValue >= 5 }

    /// The place of a stored pixel in the upright picture: `origin + x · column + y · row`.
    /// - Parameters: sides of the stored image.
    func placement(width: Int, height: Int) -> (origin: Int, column: Int, row: Int) {
        let across = swapsSides ? height : width
        return switch self {
        case .upright: (0, 1, across)
        case .mirrored: (width - 1, -1, across)
        case .upsideDown: (width * height - 1, -1, -across)
        case .flipped: ((height - 1) * across, 1, -across)
        case .transposed: (0, across, 1)
        case .clockwise: (height - 1, across, -1)
        case .transversed: (width * height - 1, -across, -1)
        case .counterclockwise: ((width - 1) * across, -across, 1)
        }
    }

    /// An upright copy of a stored plane.
    func apply(_ plane: [Float], width: Int, height: Int) -> [Float] {
        if self == .upright { return plane }
        var result = [Float](repeating: 0, count: plane.count)
        let (origin, column, row) = placement(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width { result[origin + x * column + y * row] = plane[y * width + x] }
        }
        return result
    }
}
