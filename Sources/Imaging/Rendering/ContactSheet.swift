/// Small pictures in rows and columns.
package enum ImageGrid {
    /// Arranges pictures row by row, each in the middle of its cell, on dark gray.
    /// - Parameters:
    ///   - images: at least one; cells take the size of the largest.
    ///   - columns: pictures in a row.
    ///   - margin: pixels around and between cells.
    package static func compose(_ images: [RGBImage], columns: Int, margin: Int = 12) -> RGBImage {
        precondition(!images.isEmpty && columns > 0 && margin >= 0, "a grid needs pictures and columns")
        let width = images.map(\.width).max()!
        let height = images.map(\.height).max()!
        let rows = (images.count + columns - 1) / columns
        var sheet = RGBImage(
            width: columns * (width + margin) + margin, height: rows * (height + margin) + margin, gray: 40)
        for (index, image) in images.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            sheet.place(
                image, x: margin + column * (width + margin) + (width - image.width) / 2,
                y: margin + row * (height + margin) + (height - image.height) / 2)
        }
        return sheet
    }
}

/// The original and its variants on one page.
package enum ContactSheet {
    /// Side of a thumbnail that sheets are made for.
    package static let longSide = 400

    /// Writes a sheet with the original first, as near to square as its pictures allow.
    /// - Parameters:
    ///   - original: the photograph without colour.
    ///   - variants: in their order.
    /// - Throws: `ImagingError`.
    package static func write(
        original: RGBImage, variants: [RGBImage], to path: String, options: OutputOptions = OutputOptions(),
        disclosure: Disclosure
    ) throws {
        let images = [original] + variants
        let sheet = ImageGrid.compose(images, columns: columns(images.count, original.width, original.height))
        try sheet.write(to: path, options: options, disclosure: disclosure)
    }

    /// The number of columns that brings the page nearest to square, empty cells counting against it.
    static func columns(_ count: Int, _ width: Int, _ height: Int) -> Int {
        func cost(_ columns: Int) -> Double {
            let rows = (count + columns - 1) / columns
            let shape = Double(columns * width) / Double(rows * height)
            return max(shape, 1 / shape) + 0.5 * Double(rows * columns - count)
        }
        return (1...count).min { cost($0) < cost($1) }!
    }
}
