import Tensor

/// A reduced photograph that is coloured for a sheet, without a file.
package struct Preview: Sendable {
    let plane: TonePlane

    /// Columns.
    package var width: Int { plane.width }
    /// Rows.
    package var height: Int { plane.height }

    /// The photograph without colour.
    package var original: RGBImage {
        coloured(ChromaField(planes: [Float](repeating: 0, count: 4 * ChromaField.side * ChromaField.side)))
    }

    /// The photograph in the given colours.
    /// - Parameter saturation: what chroma is multiplied by.
    package func coloured(_ field: ChromaField, saturation: Double = 1) -> RGBImage {
        var image = RGBImage(width: width, height: height)
        let painter = Painter(plane: plane, field: field, saturation: saturation, layout: Painter.Layout())
        image.pixels.withUnsafeMutableBytes { bytes in
            for y in 0..<height { _ = painter.paint(y, into: bytes.baseAddress! + y * width * 3) }
        }
        return image
    }

    /// Upsampled a, then b, row-major, before the gamut.
    func chroma(_ field: ChromaField) -> [Float] {
        let (side, count) = (ChromaField.side, width * height)
        let columns = (0..<width).map { ChromaField.position($0, of: width) }
        var result = [Float](repeating: 0, count: 2 * count)
        for y in 0..<height {
            let row = ChromaField.position(y, of: height)
            for x in 0..<width {
                let column = columns[x]
                func value(_ p: Int) -> Float {
                    let (upper, lower) = ((p * side + row.low) * side, (p * side + row.high) * side)
                    let top = field.planes[upper + column.low]
                    let bottom = field.planes[lower + column.low]
                    let first = top + column.fraction * (field.planes[upper + column.high] - top)
                    let second = bottom + column.fraction * (field.planes[lower + column.high] - bottom)
                    return first + row.fraction * (second - first)
                }
                let light = Tone.lightness[plane.tones[y * width + x]] * 0.01
                result[y * width + x] = value(0) * light + value(1)
                result[count + y * width + x] = value(2) * light + value(3)
            }
        }
        return result
    }
}
